"""What passes on the links of a paper TWS, in a form that people read and programs replay.

form      one message a line, its fields apart, with its link and its direction
tap       records the links of a server
replay    plays the clients of a transcript to a server without them
"""

from simulator.transcripts.form import Entry, Transcript
from simulator.transcripts.replay import replay
from simulator.transcripts.tap import serve_recorded

__all__ = ["Entry", "Transcript", "replay", "serve_recorded"]
