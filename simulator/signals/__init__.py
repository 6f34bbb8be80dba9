"""A signal service with the shape of the Options Flow Monitor's API (generated, scripted or pushed predictions)."""

from simulator.signals.prediction import Prediction
from simulator.signals.script import ScriptError
from simulator.signals.server import SignalServer, serve_signals
from simulator.signals.service import SignalService
from simulator.signals.settings import SignalSettings

__all__ = ["Prediction", "ScriptError", "SignalServer", "SignalService", "SignalSettings", "serve_signals"]
