"""Matrix products in registers.

A tile of the result is held in vector registers while the sum over k runs: each step loads a row
of the right matrix and one number for each row of the left, and multiplies and adds in one
instruction. The sizes are known, so each product gets code of its own.
"""

# pyright: basic, reportMissingTypeStubs=false

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_INDEX = ir.IntType(64)


@lru_cache
def register_bytes() -> int:
    """The width of this processor's vector registers."""
    features = llvmlite.binding.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx") else 16


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
            kinds = signature.args
            pointers: list[Any] = []
            for i in (0, 2, 4):
                array = cgutils.create_struct_proxy(kinds[i])(context, builder, arguments[i])
                pointers.append(builder.gep(array.data, [arguments[i + 1]]))
            bits = T.dtype.bitwidth
            scalar = ir.FloatType() if bits == 32 else ir.DoubleType()
            lanes = register_bytes() * 8 // bits
            _Product(builder, scalar, lanes, sizes, left, right, target).generate(*pointers)
            return context.get_dummy_value()

        place = types.int64
        return types.void(T, place, L, place, R, place), generate

    return run


class _Product:
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
        self.b, self.scalar, self.lanes = builder, scalar, lanes
        self.m, self.n, self.k = sizes
        self.left, self.right, self.target = left, right, target
        self.vector = ir.VectorType(scalar, lanes)

    def generate(self, T: Any, L: Any, R: Any) -> None:
        vectors = -(-self.n // self.lanes)
        rows, wide = tile(self.m, vectors, registers=32 if register_bytes() == 64 else 16)
        full = self.n // (wide * self.lanes)
        if full:
            self.loop(full, lambda j: self.panel(T, L, R, self.times(j, wide * self.lanes), rows, [self.lanes] * wide))
        done = full * wide * self.lanes
        rest = self.n - done
        if rest:
            widths = [self.lanes] * (rest // self.lanes) + [w for w in [rest % self.lanes] if w]
            rows = tile(self.m, len(widths), 32 if register_bytes() == 64 else 16)[0]
            self.panel(T, L, R, _INDEX(done), rows, widths)

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
            block(_INDEX(full * rows), self.m % rows)

    def tile(self, T: Any, L: Any, R: Any, rows: int, widths: list[int]) -> None:
        """Some rows of some columns: the sum over k, held in registers."""
        b, before = self.b, self.b.block
        body, after = b.append_basic_block("k"), b.append_basic_block("done")
        b.branch(body)
        b.position_at_end(body)
        step = b.phi(_INDEX)
        step.add_incoming(_INDEX(0), before)
        zero = ir.Constant(self.vector, [ir.Constant(self.scalar, 0.0)] * self.lanes)
        sums = [[b.phi(self.vector) for _ in widths] for _ in range(rows)]
        along = b.gep(R, [self.times(step, self.right)])
        row = [
            self.load(b.gep(along, [_INDEX(i * self.lanes)]), width)
            for i, width in enumerate(widths)
        ]
        at = b.gep(L, [self.times(step, self.left[1])])
        for i in range(rows):
            number = self.spread(b.load(b.gep(at, [_INDEX(i * self.left[0])])))
            for j in range(len(widths)):
                sums[i][j].add_incoming(zero, before)
                sums[i][j].add_incoming(self.fma(number, row[j], sums[i][j]), body)
        following = b.add(step, _INDEX(1))
        step.add_incoming(following, body)
        b.cbranch(b.icmp_signed("<", following, _INDEX(self.k)), body, after)
        b.position_at_end(after)
        for i in range(rows):
            for j, width in enumerate(widths):
                made = sums[i][j].incomings[1][0]
                self.store(made, b.gep(T, [_INDEX(i * self.target + j * self.lanes)]), width)

    # What LLVM has no short word for.

    def times(self, index: Any, factor: int) -> Any:
        return self.b.mul(index, _INDEX(factor))

    def loop(self, count: int, body: Callable[[Any], None]) -> None:
        if count == 1:
            body(_INDEX(0))
            return
        with cgutils.for_range(self.b, _INDEX(count)) as each:
            body(each.index)

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        signature = ir.FunctionType(self.vector, [self.vector] * 3)
        name = f"llvm.fma.v{self.lanes}f{self.scalar_bytes() * 8}"
        return self.b.call(cgutils.get_or_insert_function(self.b.module, signature, name), [x, y, z])

    def spread(self, number: Any) -> Any:
        one = self.b.insert_element(ir.Constant(self.vector, ir.Undefined), number, ir.IntType(32)(0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.b.shuffle_vector(one, one, mask)

    def mask(self, width: int) -> Any:
        bits = [ir.IntType(1)(int(lane < width)) for lane in range(self.lanes)]
        return ir.Constant(ir.VectorType(ir.IntType(1), self.lanes), bits)

    def load(self, place: Any, width: int) -> Any:
        pointer = self.b.bitcast(place, self.vector.as_pointer())
        if width == self.lanes:
            return self.b.load(pointer, align=self.scalar_bytes())
        function = self.masked("load", [self.vector, [pointer.type, ir.IntType(32), self.bits(), self.vector]])
        zero = ir.Constant(self.vector, [ir.Constant(self.scalar, 0.0)] * self.lanes)
        return self.b.call(function, [pointer, ir.IntType(32)(self.scalar_bytes()), self.mask(width), zero])

    def store(self, value: Any, place: Any, width: int) -> None:
        pointer = self.b.bitcast(place, self.vector.as_pointer())
        if width == self.lanes:
            self.b.store(value, pointer, align=self.scalar_bytes())
            return
        function = self.masked("store", [ir.VoidType(), [self.vector, pointer.type, ir.IntType(32), self.bits()]])
        self.b.call(function, [value, pointer, ir.IntType(32)(self.scalar_bytes()), self.mask(width)])

    def masked(self, what: str, signature: list[Any]) -> Any:
        returned, arguments = signature
        kind = f"v{self.lanes}f{self.scalar_bytes() * 8}"
        name = f"llvm.masked.{what}.{kind}.p0"
        return cgutils.get_or_insert_function(
            self.b.module, ir.FunctionType(returned, arguments), name
        )

    def bits(self) -> Any:
        return ir.VectorType(ir.IntType(1), self.lanes)

    def scalar_bytes(self) -> int:
        return 4 if isinstance(self.scalar, ir.FloatType) else 8


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
            cost = blocks * (tall * wide * max(1, loads) + 2) + (0 if tall * wide >= 8 else blocks * 8)
            if best is None or cost < best[0]:
                best = (cost, tall, wide)
    assert best is not None
    return best[1], best[2]
