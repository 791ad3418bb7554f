"""The text of a pair of Triton kernels, and of the `torch.autograd.Function` that calls them.

One program of a kernel takes one row: it reads the row, computes, reduces over the row, and writes.
So a value has one of four kinds: `full`, an array of rows; `vector`, the same for every row; `row`,
one number for each; `number`. A gradient that is a sum over all rows is written row by row, and
added up by PyTorch.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from byhand.deriving.steps.text import WIDTH, text
from byhand.deriving.wrapped.autograd_function import class_name
from byhand.deriving.wrapped.layout import TAB, assigned, called, fitting
from byhand.deriving.wrapped.parts import Parts
from byhand.deriving.wrapped.rows import Kind, Rows, kind_of
from byhand.errors import UnsupportedError
from byhand.program.scopes import stored_names

HEAD = (
    "import torch",
    "import triton",
    "import triton.language as tl",
    "from torch.autograd.function import once_differentiable",
)


def triton_kernels(parts: Parts, values: Mapping[str, Any]) -> str:
    """A module with two kernels and a class. `values` are forward's, on one set of inputs.

    Raises UnsupportedError for a form that isn't elementwise with reductions over the last axis.
    """
    forms = _Forms.of(parts, values)
    pair = _Pair(forms, forms.forward(), *forms.backward())
    return "\n".join(pair.lines()) + "\n"


@dataclass(frozen=True)
class _Kernel:
    """A kernel: what it is given, in order, and its statements."""

    name: str
    pointers: tuple[str, ...]
    numbers: tuple[str, ...]
    body: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        given = [*(f"{name}_ptr" for name in self.pointers), "width"]
        settings = [f"{n}: tl.constexpr" for n in (*self.numbers, "EXACT", "BLOCK")]
        yield "@triton.jit"
        yield from fitting(f"def {self.name}", [*given, *settings], ":")
        for line in self.body:
            node = ast.parse(line).body[0]
            yield from (f"{TAB}{part}" for part in text(node, WIDTH - len(TAB)).splitlines())

    def call(self) -> str:
        given = [*self.pointers, "width", *self.numbers, "EXACT=exact", "BLOCK=block"]
        return called(f"{self.name}[(rows,)]", given)


@dataclass(frozen=True)
class _Forms:
    """What is known of forward's values beside `shape`, that of its first output."""

    parts: Parts
    shape: tuple[int, ...]
    kinds: Mapping[str, Kind]
    masks: frozenset[str]
    outputs: tuple[str, ...]
    arguments: tuple[str, ...]
    nodes: tuple[ast.stmt, ...]

    @classmethod
    def of(cls, parts: Parts, values: Mapping[str, Any]) -> _Forms:
        outputs = tuple(n.id for n in ast.walk(parts.returned) if isinstance(n, ast.Name))
        shape: tuple[int, ...] = tuple(getattr(values[outputs[0]], "shape", ()))
        if not shape:
            raise UnsupportedError("what forward returns is a number, a sum over all rows")
        kinds: dict[str, Kind] = {n: kind_of(value, shape) for n, value in values.items()}
        masks = frozenset(n for n in kinds if "bool" in str(getattr(values[n], "dtype", "")))
        arguments = tuple(n for n in parts.arguments if kinds.get(n) not in (None, "number"))
        if not any(kinds[n] == "full" for n in arguments):
            raise UnsupportedError("no input has the shape of what forward returns")
        nodes = tuple(ast.parse("\n".join(parts.forward)).body)
        return cls(parts, shape, kinds, masks, outputs, arguments, nodes)

    def plain(self, node: ast.stmt) -> bool:
        """Whether a statement makes numbers only, and so is none of the kernel's."""
        return all(self.kinds.get(name) == "number" for name in stored_names(node))

    def forward(self) -> _Kernel:
        rows = Rows(self.kinds, self.shape)
        body = [rows.statement(node) for node in self.nodes if not self.plain(node)]
        kept = [n for n in self.parts.arrays if n not in (*self.arguments, *self.outputs)]
        return self.kernel("forward", rows.kinds, self.arguments, [*self.outputs, *kept], body)

    def backward(self) -> tuple[_Kernel, frozenset[str]]:
        """The kernel, and the gradients that it leaves to be added up."""
        parts = self.parts
        pairs = zip(parts.upstream, self.outputs, strict=True)
        upstream: dict[str, Kind] = {d: self.kinds[name] for d, name in pairs}
        rows = Rows({**self.kinds, **upstream}, self.shape)
        body: list[str] = []
        added: set[str] = set()
        for node in ast.parse("\n".join(parts.backward)).body:
            of_one = rows.over_rows(node)
            body.append(rows.statement(node) if of_one is None else of_one[1])
            added |= set() if of_one is None else {of_one[0]}
        asked = [d for d in parts.gradients if d is not None]
        for d in asked:
            if d not in added and rows.kinds[d] != self.kinds[d[1:]]:
                raise UnsupportedError(f"{d} isn't computed row by row")
        kinds: dict[str, Kind] = {**rows.kinds}
        kinds |= dict.fromkeys(added, "full")
        read = [*parts.arrays, *parts.upstream]
        return self.kernel("backward", kinds, read, asked, body), frozenset(added)

    def kernel(
        self,
        side: Literal["forward", "backward"],
        kinds: Mapping[str, Kind],
        read: Sequence[str],
        written: Sequence[str],
        body: Sequence[str],
    ) -> _Kernel:
        used = {n.id for line in body for n in ast.walk(ast.parse(line)) if isinstance(n, ast.Name)}
        numbers = tuple(n for n, kind in kinds.items() if kind == "number" and n in used)
        read = [name for name in read if name in used]
        lines = [
            "row = tl.program_id(0)",
            "cols = tl.arange(0, BLOCK)",
            "mask = cols < width",
            *(f"{n} = {_loaded(n, kinds[n], n in self.masks)}" for n in read),
            *body,
            *(_stored(n, kinds[n]) for n in written),
        ]
        return _Kernel(f"{self.parts.name}_{side}", (*read, *written), numbers, tuple(lines))


@dataclass(frozen=True)
class _Pair:
    """The kernels, and the Function around them."""

    forms: _Forms
    forward: _Kernel
    backward: _Kernel
    added_up: frozenset[str]

    @property
    def parts(self) -> Parts:
        return self.forms.parts

    @property
    def like(self) -> str:
        """An input with the shape of what forward returns."""
        return next(n for n in self.forms.arguments if self.forms.kinds[n] == "full")

    def lines(self) -> Iterator[str]:
        parts = self.parts
        yield from (f"# {note}" for note in parts.notes)
        yield from HEAD
        for kernel in (self.forward, self.backward):
            yield from ("", "", *kernel.lines())
        yield from ("", "", f"class {class_name(parts.name)}(torch.autograd.Function):")
        yield f"{TAB}@staticmethod"
        yield from fitting(f"{TAB}def forward", ["ctx", *parts.arguments], ":")
        yield from _inside(self.forward_lines())
        yield from ("", f"{TAB}@staticmethod", f"{TAB}@once_differentiable")
        yield from fitting(f"{TAB}def backward", ["ctx", *parts.upstream], ":")
        yield from _inside(self.backward_lines())

    def forward_lines(self) -> Iterator[str]:
        yield from (ast.unparse(node) for node in self.forms.nodes if self.forms.plain(node))
        given = [n for n in self.forward.pointers if n in self.parts.arguments]
        yield from (f"{name} = {name}.contiguous()" for name in given)
        yield f"width = {self.like}.shape[-1]"
        yield f"rows = {self.like}.numel() // width"
        yield f"exact = tl.float64 if {self.like}.dtype == torch.float64 else tl.float32"
        yield f"wide = torch.float64 if {self.like}.dtype == torch.float64 else torch.float32"
        yield "block = triton.next_power_of_2(width)"
        for name in self.forward.pointers:
            if name not in self.parts.arguments:
                wide = "torch.bool" if name in self.forms.masks else "wide"
                kind = "" if name in self.forms.outputs else f", dtype={wide}"
                yield f"{name} = {self.room(name, kind)}"
        yield self.forward.call()
        if self.parts.arrays:
            yield called("ctx.save_for_backward", self.parts.arrays)
        others = [*self.backward.numbers, "width", "rows", "exact", "wide", "block"]
        yield assigned([f"ctx.{n}" for n in others], others)
        yield f"return {', '.join(self.forms.outputs)}"

    def room(self, name: str, kind: str) -> str:
        """An array to be written into."""
        match self.forms.kinds[name]:
            case "row":
                said = kind or f", dtype={self.like}.dtype"
                return f"torch.empty(*{self.like}.shape[:-1], 1{said}, device={self.like}.device)"
            case _:
                return f"torch.empty_like({self.like}{kind})"

    def backward_lines(self) -> Iterator[str]:
        parts = self.parts
        if parts.arrays:
            yield assigned(parts.arrays, ["ctx.saved_tensors"])
        others = [*self.backward.numbers, "width", "rows", "exact", "wide", "block"]
        yield assigned(others, [f"ctx.{n}" for n in others])
        yield from (f"{d} = {d}.contiguous()" for d in parts.upstream)
        like = parts.upstream[0]
        for name, d in zip(parts.arguments, parts.gradients, strict=True):
            if d is None:
                continue
            if d in self.added_up:
                yield f"{d} = torch.empty(rows, width, dtype=wide, device={like}.device)"
            elif self.forms.kinds[name] == "row":
                yield f"{d} = {like}.new_empty(*{like}.shape[:-1], 1)"
            else:
                yield f"{d} = torch.empty_like({like})"
        yield self.backward.call()
        added = [f"{d}.sum(0).to({like}.dtype)" if d in self.added_up else d for d in self.given()]
        yield f"return {', '.join(added)}"

    def given(self) -> list[str]:
        return ["None" if d is None else d for d in self.parts.gradients]


def _loaded(name: str, kind: Kind, mask: bool) -> str:
    typed = " != 0" if mask else ".to(EXACT)"
    match kind:
        case "full":
            return f"tl.load({name}_ptr + row * width + cols, mask=mask, other=0.0){typed}"
        case "vector":
            return f"tl.load({name}_ptr + cols, mask=mask, other=0.0){typed}"
        case _:
            return f"tl.load({name}_ptr + row){typed}"


def _stored(name: str, kind: Kind) -> str:
    match kind:
        case "row":
            return f"tl.store({name}_ptr + row, {name})"
        case _:
            return f"tl.store({name}_ptr + row * width + cols, {name}, mask=mask)"


def _inside(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield from (f"{2 * TAB}{part}" for part in line.splitlines())
