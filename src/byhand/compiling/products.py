"""Matrix products in registers.

A tile of the result is held in vector registers while the sum over k runs: each step loads a row
of the right matrix and one number for each row of the left, and multiplies and adds in one
instruction. The sizes are known, so each product gets code of its own.
"""

# pyright: basic, reportMissingTypeStubs=false, reportMissingImports=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from byhand.compiling.vectors import INDEX, Vectors, places, register_bytes, scalar_of


def product(
    sizes: tuple[int, int, int], left: tuple[int, int], right: int, target: int
) -> Callable[..., None]:
    """A function for Numba: `f(T, t, L, l, R, r)` sets T from t on to a product of L and R.

    `sizes` are m, n and k; `left` has the strides of L along m and k, `right` that of R along k and
    `target` that of T along m. Along n both are contiguous.
    """

    @intrinsic
    def run(typing: Any, T: Any, t: Any, L: Any, l: Any, R: Any, r: Any) -> Any:  # noqa: E741
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointers = places(context, builder, signature, arguments)
            scalar, lanes = scalar_of(T.dtype)
            _Product(builder, scalar, lanes, sizes, left, right, target).generate(*pointers)
            return context.get_dummy_value()

        place = types.int64
        return types.void(T, place, L, place, R, place), generate

    return run


class _Product(Vectors):
    """Writes the code of one product into a builder."""

    def __init__(
        self,
        builder: ir.IRBuilder,
        scalar: ir.Type,
        lanes: int,
        sizes: tuple[int, int, int],
        left: tuple[int, int],
        right: int,
        target: int,
    ) -> None:
        super().__init__(builder, scalar, lanes)
        self.m, self.n, self.k = sizes
        self.left, self.right, self.target = left, right, target

    def generate(self, T: Any, L: Any, R: Any) -> None:
        vectors = -(-self.n // self.lanes)
        rows, wide = tile(self.m, vectors, registers=32 if register_bytes() == 64 else 16)
        full = self.n // (wide * self.lanes)
        if full:
            self.loop(
                full,
                lambda j: self.panel(
                    T, L, R, self.times(j, wide * self.lanes), rows, [self.lanes] * wide
                ),
            )
        done = full * wide * self.lanes
        rest = self.n - done
        if rest:
            widths = [self.lanes] * (rest // self.lanes) + [w for w in [rest % self.lanes] if w]
            rows = tile(self.m, len(widths), 32 if register_bytes() == 64 else 16)[0]
            self.panel(T, L, R, INDEX(done), rows, widths)

    def panel(self, T: Any, L: Any, R: Any, j: Any, rows: int, widths: list[int]) -> None:
        """Some columns of the result, from column j on."""
        T, R = self.b.gep(T, [j]), self.b.gep(R, [j])

        def block(i: Any, rows: int) -> None:
            at_left = self.b.gep(L, [self.times(i, self.left[0])])
            at_target = self.b.gep(T, [self.times(i, self.target)])
            self.tile(at_target, at_left, R, rows, widths)

        full = self.m // rows
        if full:
            self.loop(full, lambda i: block(self.times(i, rows), rows))
        if self.m % rows:
            block(INDEX(full * rows), self.m % rows)

    def tile(self, T: Any, L: Any, R: Any, rows: int, widths: list[int]) -> None:
        """Some rows of some columns: the sum over k, held in registers."""
        b, before = self.b, self.b.block
        body, after = b.append_basic_block("k"), b.append_basic_block("done")
        b.branch(body)
        b.position_at_end(body)
        step = b.phi(INDEX)
        step.add_incoming(INDEX(0), before)
        sums = [[b.phi(self.vector) for _ in widths] for _ in range(rows)]
        along = b.gep(R, [self.times(step, self.right)])
        row = [
            self.load(b.gep(along, [INDEX(i * self.lanes)]), width)
            for i, width in enumerate(widths)
        ]
        at = b.gep(L, [self.times(step, self.left[1])])
        for i in range(rows):
            number = self.spread(b.load(b.gep(at, [INDEX(i * self.left[0])])))
            for j in range(len(widths)):
                sums[i][j].add_incoming(self.zero, before)
                sums[i][j].add_incoming(self.fma(number, row[j], sums[i][j]), body)
        following = b.add(step, INDEX(1))
        step.add_incoming(following, body)
        b.cbranch(b.icmp_signed("<", following, INDEX(self.k)), body, after)
        b.position_at_end(after)
        for i in range(rows):
            for j, width in enumerate(widths):
                made = sums[i][j].incomings[1][0]
                self.store(made, b.gep(T, [INDEX(i * self.target + j * self.lanes)]), width)


def tile(rows: int, vectors: int, registers: int) -> tuple[int, int]:
    """How many rows and vectors of the result to hold in registers at once.

    The best are those with the fewest loads for a multiplication, of those that waste least.
    """
    best: tuple[float, int, int] | None = None
    for wide in range(1, min(vectors, 6) + 1):
        for tall in range(1, min(rows, 14) + 1):
            if tall * wide + wide + 1 > registers:
                continue
            loads = (tall + wide) / (tall * wide)
            blocks = -(-rows // tall) * -(-vectors // wide)
            cost = blocks * (tall * wide * max(1, loads) + 2) + (
                0 if tall * wide >= 8 else blocks * 8
            )
            if best is None or cost < best[0]:
                best = (cost, tall, wide)
    assert best is not None
    return best[1], best[2]
