"""A ring for a forward, and what the tests ask of it."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from byhand.codegen import nodes as nd
from byhand.codegen.numpy_words import NumPy
from byhand.codegen.recording import record
from byhand.codegen.sizes import Dim
from byhand.deriving.closed.equations import Reading, ring_of
from byhand.deriving.closed.factoring import Factoring
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.printing import Printer
from byhand.deriving.steps.context import context_of
from byhand.program.problem import load

HEAD = "import numpy as np\n\ndef inputs(rng): return {}\n\n"


class Recorded:
    """A forward recorded on these inputs, and a ring that knows its equations."""

    def __init__(
        self, file: Path, body: str, inputs: Mapping[str, Any], reading: Reading | None = None
    ) -> None:
        """`body` are the statements of forward; the last must return."""
        text = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        file.write_text(f"{HEAD}def forward({', '.join(inputs)}):\n{text}\n", encoding="utf-8")
        recording = record(load(file), inputs)
        self.program = recording.program
        self.context = context_of(recording, NumPy(), self.program.inputs)
        self.ring = ring_of(self.context, reading or Reading())

    def __getitem__(self, name: str) -> Poly:
        """The value of this name in the ring."""
        return self.ring.tensor(self.program[name].tensor)

    def code(self, p: Poly) -> str:
        """A polynomial as it would be printed, with numbers for lengths."""
        forms = Factoring(self.ring)
        printer = Printer(self.context, self.context.emitter(), forms, {}, {})
        node = printer.symbol(forms.of(p)).node
        return ast.unparse(ast.fix_missing_locations(nd.rebuilt(nd.tidied(node), _as_number)))


def _as_number(leaf: ast.expr) -> ast.expr:
    return ast.Constant(leaf.tensor.value.shape[leaf.axis]) if isinstance(leaf, Dim) else leaf
