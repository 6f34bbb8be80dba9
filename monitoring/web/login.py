"""The page that asks for the token. It stands alone: nothing else is served without one."""

from __future__ import annotations

import base64
import hashlib
import html
import logging
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitoring.web.attempts import Attempts
from monitoring.web.body import body_of
from monitoring.web.credentials import SESSION_LASTS, Credentials
from monitoring.web.guard import LOGIN, address_of, csp, local_path, too_many

__all__ = ["Login"]

_LARGEST_BODY = 2_048

_logger = logging.getLogger("pitboss.web")

_STYLE = """
:root{color-scheme:light dark;--ink:#17202a;--back:#f4f6f8;--panel:#fff;--line:#d5dce4;--accent:#1f5fbf;--bad:#b3261e}
@media (prefers-color-scheme:dark){
:root{--ink:#e6ebf0;--back:#0f141a;--panel:#171e26;--line:#2c3744;--accent:#7fb0ff;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--back);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
form{width:min(26rem,100%);padding:2rem;background:var(--panel);border:1px solid var(--line);border-radius:12px}
h1{margin:0 0 .25rem;font-size:1.4rem}
p{margin:.25rem 0 1rem}
label{display:block;font-weight:600}
input{width:100%;margin:.35rem 0 1rem;padding:.65rem .75rem;font:inherit;color:inherit;background:var(--back);
border:1px solid var(--line);border-radius:8px}
button{width:100%;padding:.7rem;font:inherit;font-weight:600;color:var(--panel);background:var(--accent);border:0;
border-radius:8px;cursor:pointer}
input:focus-visible,button:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.bad{color:var(--bad);font-weight:600}
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · Pitboss</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<form method="post" action="/login">
<h1>Pitboss</h1>
<p>Paste the token that <code>pitboss web</code> printed when it started.</p>
{wrong}<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<input type="text" name="username" value="pitboss" autocomplete="username" hidden>
<input type="hidden" name="next" value="{next}">
<button>Log in</button>
</form>
</body>
</html>
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_CSP = csp(style_src=f"'sha256-{_HASH}'", script_src="'none'", connect_src="'none'", img_src="data:")


class Login:
    """Opens and closes sessions."""

    def __init__(self, credentials: Credentials, attempts: Attempts, cookie: str) -> None:
        """`cookie` is the name of the session's."""
        self._credentials = credentials
        self._attempts = attempts
        self._cookie = cookie

    async def page(self, request: Request) -> Response:
        """Ask for the token."""
        return _asking(local_path(request.query_params.get("next", "/")))

    async def enter(self, request: Request) -> Response:
        """Take the token of the form; the answer sets the cookie."""
        address = address_of(request)
        if wait := self._attempts.wait_seconds(address):
            return too_many(wait)
        form = parse_qs((await body_of(request, _LARGEST_BODY) or b"").decode("utf-8", "replace"))
        after = local_path(form.get("next", ["/"])[0])
        if not self._credentials.is_token(form.get("token", [""])[0].strip()):
            self._attempts.wrong(address)
            _logger.warning("wrong token from %s", address)
            return _asking(after, wrong=True)
        self._attempts.right(address)
        answer = RedirectResponse(after, 303)
        answer.set_cookie(
            self._cookie,
            self._credentials.open_session(),
            max_age=int(SESSION_LASTS.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=request.headers.get("Origin", "").startswith("https://"),  # behind a proxy with TLS
        )
        return answer

    async def leave(self, request: Request) -> Response:
        """End the session."""
        session = request.scope["state"]["session"]
        if session is not None:
            self._credentials.close_session(session)
        answer = RedirectResponse(LOGIN, 303)
        answer.delete_cookie(self._cookie, httponly=True, samesite="strict")
        return answer


def _asking(after: str, *, wrong: bool = False) -> Response:
    page = _PAGE.format(
        style=_STYLE,
        next=html.escape(after, quote=True),
        wrong='<p class="bad" role="alert">That is not the token.</p>\n' if wrong else "",
    )
    return HTMLResponse(page, 401 if wrong else 200, headers={"Content-Security-Policy": _CSP})
