"""The guard of the service: who may ask, and how much may be sent."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import TYPE_CHECKING

import attrs
from starlette.datastructures import Headers
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

#: What anybody may read: how the service is asked.
_OPEN = ("/", "/openapi.json")
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]


def is_loopback(host: str) -> bool:
    """True for names and addresses of this machine that no other one reaches."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@attrs.frozen
class Guard:
    """Refuses whoever has not the token; without one, whoever does not ask for this machine by its own name.

    A page of a stranger, open in a browser here, reaches loopback as well: it names its own host, or an origin.
    """

    app: ASGIApp
    token: str | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sent(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]  # type: ignore[misc]
            await send(message)

        app: ASGIApp = self.refusal(scope) or self.app
        await app(scope, receive, sent)  # type: ignore[arg-type]

    def refusal(self, scope: Scope) -> JSONResponse | None:
        """The answer to whoever may not ask; None for whoever may."""
        headers = Headers(scope=scope)
        if self.token is not None:
            given = headers.get("authorization", "").encode()
            if scope["path"] in _OPEN or hmac.compare_digest(given, f"Bearer {self.token}".encode()):
                return None
            text = "give the token of this service: Authorization: Bearer TOKEN"
            return JSONResponse({"errors": [text]}, 401, {"WWW-Authenticate": "Bearer"})
        host = headers.get("host", "").rpartition("]")[0] or headers.get("host", "").partition(":")[0]
        origin = headers.get("origin", "")
        if not is_loopback(host) or (origin and origin.partition("://")[2] != headers.get("host", "")):
            return JSONResponse({"errors": ["without a token this service answers this machine alone"]}, 403)
        return None
