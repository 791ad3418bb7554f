"""Transposing a matrix in registers, a square of as many rows as a register has lanes at a time."""

# pyright: basic, reportMissingTypeStubs=false, reportMissingImports=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from byhand.compiling.vectors import INDEX, Vectors, places, scalar_of


def transpose(sizes: tuple[int, int], source: int, target: int) -> Callable[..., None]:
    """A function for Numba: `f(T, t, S, s)` writes the matrix of S from s on, transposed, to T.

    `sizes` are rows and columns of the source; `source` and `target` are the strides from row to
    row of each. Along a row both are contiguous.
    """

    @intrinsic
    def run(typing: Any, T: Any, t: Any, S: Any, s: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            scalar, lanes = scalar_of(T.dtype)
            to, at = places(context, builder, signature, arguments)
            _Transposition(builder, scalar, lanes).generate(to, at, sizes, source, target)
            return context.get_dummy_value()

        place = types.int64
        return types.void(T, place, S, place), generate

    return run


class _Transposition(Vectors):
    """Writes the code of one transposition into a builder."""

    def generate(self, T: Any, S: Any, sizes: tuple[int, int], source: int, target: int) -> None:
        rows, columns = sizes

        def strip(i: Any, tall: int) -> None:
            """Some rows of the source, from row i on."""

            def square(j: Any, wide: int) -> None:
                at = self.b.gep(S, [self.b.add(self.times(i, source), j)])
                to = self.b.gep(T, [self.b.add(self.times(j, target), i)])
                self.square(to, at, tall, wide, source, target)

            self.blocks(columns, square)

        self.blocks(rows, strip)

    def blocks(self, size: int, body: Callable[[Any, int], None]) -> None:
        """Runs `body(start, length)` for blocks of as many as a register holds."""
        full = size // self.lanes
        if full:
            self.loop(full, lambda i: body(self.times(i, self.lanes), self.lanes))
        if size % self.lanes:
            body(INDEX(full * self.lanes), size % self.lanes)

    def square(self, T: Any, S: Any, tall: int, wide: int, source: int, target: int) -> None:
        rows = [
            self.load(self.b.gep(S, [INDEX(i * source)]), wide) if i < tall else self.zero
            for i in range(self.lanes)
        ]
        half = self.lanes // 2
        low = [lane // 2 + (lane % 2) * self.lanes for lane in range(self.lanes)]
        high = [lane + half for lane in low]
        for _ in range(
            self.lanes.bit_length() - 1
        ):  # row k and row k + half, lane by lane in turns
            pairs = [(rows[i], rows[i + half]) for i in range(half)]
            rows = [self.shuffled(*pair, order) for pair in pairs for order in (low, high)]
        for j in range(wide):
            self.store(rows[j], self.b.gep(T, [INDEX(j * target)]), tall)

    def shuffled(self, one: Any, other: Any, order: list[int]) -> Any:
        kind = ir.VectorType(ir.IntType(32), self.lanes)
        return self.b.shuffle_vector(one, other, ir.Constant(kind, order))
