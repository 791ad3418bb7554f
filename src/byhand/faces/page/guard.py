"""Who is answered: requests that name this machine, come from our own page and bring the token.

A page elsewhere can make a browser send requests here (and, by a name that resolves to this
machine, even read the answers): the Host and the Origin tell. Other users of the machine have no
token.
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ASSETS = "/assets/"
"""What lies there is the same for everyone, and no secret: it needs no token."""

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; "
    # CodeMirror and KaTeX set styles as they draw.
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",  # the address holds the token
    "x-content-type-options": "nosniff",
}


class Guard:
    """The application behind it sees only requests that may be answered."""

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        app = self._app if refusal is None else PlainTextResponse(refusal, 403)
        await app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> str | None:
        named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(named) != 1 or named[0] not in self._hosts:
            return "This page answers to 127.0.0.1 alone."
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        if any(origin not in {f"http://{host}" for host in self._hosts} for origin in origins):
            return "This page answers to itself alone."
        if scope["path"].startswith(ASSETS):
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[-1]
        if not hmac.compare_digest(given.encode(), self._token):
            return (
                "The token in the address is missing or old: open the address that byhand printed."
            )
        return None
