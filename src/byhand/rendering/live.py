"""The view on a page without a server: all it needs lies in the page, as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from byhand import assets

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; "
    "font-src data:; img-src data:"
)
"""Nothing is fetched from anywhere."""

STYLE = """
:root { color-scheme: light dark; }
body { max-width: 76rem !important; margin: 1.5rem auto !important; padding: 0 1rem !important;
  background: light-dark(#fffefb, #181714);
  font-family: Charter, "Bitstream Charter", Cambria, "Liberation Serif", serif !important; }
h1, h2, h3 { font-weight: 600; }
"""
"""What goes over the styles of a page that is only read. It gets wider, in the view's own type."""


@dataclass(frozen=True)
class LiveParts:
    """What makes a page live, for the end of its head and of its body. The view then takes the
    place of what is in its element with `data-view`."""

    head: str = ""
    foot: str = ""


PLAIN = LiveParts()
"""A page that is only read."""


def live(data: Mapping[str, Any], *, formulas: bool = False) -> LiveParts:
    """The view on `data`, by the names under which it asks for it; with KaTeX for `formulas`."""
    styles = [STYLE, assets.text("view.css")]
    parts = [
        _inert("application/json", "byhand-data", json.dumps(data, allow_nan=False)),
        _inert("text/plain", "byhand-view", assets.text("view.js")),
    ]
    if formulas:
        styles.append(assets.text("math.css"))
        parts.append(_inert("text/plain", "byhand-math", assets.text("math.js")))
    parts.append(f'<script type="module">{assets.text("standalone.js")}</script>')
    head = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n' + "".join(
        f"<style>{style}</style>\n" for style in styles
    )
    return LiveParts(head, "\n".join(parts) + "\n")


def _inert(kind: str, name: str, text: str) -> str:
    """Text that no browser takes for markup: within JSON and JavaScript's strings and regular
    expressions, `<` may be written like this."""
    text = text.replace("</", r"<\/").replace("<!--", r"\u003c!--")
    return f'<script type="{kind}" id="{name}">{text}</script>'
