"""`pitboss web`: the picture of a log in a browser, and metrics for Prometheus."""

from __future__ import annotations

from monitoring.web.hosts import is_loopback
from monitoring.web.server import serve_web
from monitoring.web.settings import CommandFailed, Place, WebSettings

__all__ = ["CommandFailed", "Place", "WebSettings", "is_loopback", "serve_web"]
