"""What a request may say: a small JSON object with texts in it."""

from __future__ import annotations

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from byhand.faces.page.documents import LARGEST

_LARGEST = 8 * LARGEST  # a text as JSON


async def texts(request: Request, *names: str) -> list[str]:
    """These fields of the JSON object in a request's body. Raises HTTPException otherwise."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":  # what a form on another page can't send
        raise HTTPException(415, "Send JSON.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            raise HTTPException(413, "That is too much for this page.")
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "That is not JSON.") from None
    if not isinstance(found, dict):
        raise HTTPException(400, "Send a JSON object.")
    values = [found.get(name) for name in names]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not all(isinstance(value, str) for value in values):  # pyright: ignore[reportUnknownVariableType]
        raise HTTPException(400, f"Send {', '.join(names)} as texts.")
    return [str(value) for value in values]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
