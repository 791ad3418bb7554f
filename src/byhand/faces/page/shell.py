"""What both applications have: the page that loads everything else, what is built, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from byhand import assets
from byhand.errors import ByhandError, in_one_line, one_line
from byhand.faces import terminal


def application(routes: Sequence[Route]) -> Starlette:
    """An application with these routes, and those that all have. What byhand raises is answered as
    JSON, in one line."""
    return Starlette(
        routes=[*routes, Route("/assets/{name}", _asset)],
        exception_handlers={ByhandError: _said, HTTPException: _refused, Exception: _bug},
    )


def shell(title: str, kind: str) -> str:
    """The page that loads everything else."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n"
        '<link rel="icon" href="data:,">\n'
        '<link rel="stylesheet" href="assets/view.css">\n'
        '<link rel="stylesheet" href="assets/page.css">\n'
        '<link rel="modulepreload" href="assets/view.js">\n'
        '<script type="module" src="assets/page.js"></script>\n</head>\n'
        f'<body data-page="{kind}">\n<div id="page"><p class="opening">Opening ...</p>'
        "<noscript>This page needs JavaScript. The course is also there in a terminal: "
        "byhand learn</noscript></div>\n</body>\n</html>\n"
    )


async def _asset(request: Request) -> Response:
    """A file that is built from web/."""
    name = request.path_params["name"]
    file = assets.FOLDER / name
    known = {each.name for each in assets.FOLDER.iterdir() if each.suffix != ".py"}
    if name not in known:
        raise HTTPException(404, "There is no such file.")
    return FileResponse(file, headers={"cache-control": "no-cache"})


async def _said(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": one_line(str(error))}, 422)


async def _bug(_: Request, error: Exception) -> Response:
    said = f"this is a bug in byhand: {in_one_line(error)}"
    terminal.complain(f"{said}: please report it")
    return JSONResponse({"error": said}, 500)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)


def reason(printed: str, file: str) -> str:
    """Why there was no answer: what was printed last, unless the process was killed."""
    lines = printed.strip().splitlines() or [f"{file}: ended the check: no answer"]
    return lines[-1]
