"""What LLVM has no short word for: vectors whose last lanes are masked, loops, places in arrays."""

# pyright: basic, reportMissingTypeStubs=false, reportMissingImports=false

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba.core import cgutils

INDEX = ir.IntType(64)


@lru_cache
def register_bytes() -> int:
    """The width of this processor's vector registers."""
    features = llvmlite.binding.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx") else 16


def scalar_of(dtype: Any) -> tuple[ir.Type, int]:
    """LLVM's type of a float, and how many of them a register holds."""
    bits = dtype.bitwidth
    return (ir.FloatType() if bits == 32 else ir.DoubleType()), register_bytes() * 8 // bits


def places(context: Any, builder: Any, signature: Any, arguments: Any) -> list[Any]:
    """Pointers from arguments that are in turns an array and the number of an element."""
    found: list[Any] = []
    for i in range(0, len(arguments), 2):
        array = cgutils.create_struct_proxy(signature.args[i])(context, builder, arguments[i])
        found.append(builder.gep(array.data, [arguments[i + 1]]))
    return found


class Vectors:
    """Writes code on vectors of `lanes` scalars into a builder."""

    def __init__(self, builder: ir.IRBuilder, scalar: ir.Type, lanes: int) -> None:
        self.b, self.scalar, self.lanes = builder, scalar, lanes
        self.vector = ir.VectorType(scalar, lanes)
        self.zero = ir.Constant(self.vector, [ir.Constant(scalar, 0.0)] * lanes)

    def times(self, index: Any, factor: int) -> Any:
        return self.b.mul(index, INDEX(factor))

    def loop(self, count: int, body: Callable[[Any], None]) -> None:
        if count == 1:
            body(INDEX(0))
            return
        with cgutils.for_range(self.b, INDEX(count)) as each:
            body(each.index)

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        signature = ir.FunctionType(self.vector, [self.vector] * 3)
        name = f"llvm.fma.v{self.lanes}f{self.scalar_bytes() * 8}"
        return self.b.call(
            cgutils.get_or_insert_function(self.b.module, signature, name), [x, y, z]
        )

    def spread(self, number: Any) -> Any:
        one = self.b.insert_element(
            ir.Constant(self.vector, ir.Undefined), number, ir.IntType(32)(0)
        )
        mask = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.b.shuffle_vector(one, one, mask)

    def mask(self, width: int) -> Any:
        bits = [ir.IntType(1)(int(lane < width)) for lane in range(self.lanes)]
        return ir.Constant(ir.VectorType(ir.IntType(1), self.lanes), bits)

    def load(self, place: Any, width: int) -> Any:
        pointer: Any = self.b.bitcast(place, self.vector.as_pointer())
        if width == self.lanes:
            return self.b.load(pointer, align=self.scalar_bytes())
        function = self.masked(
            "load", [self.vector, [pointer.type, ir.IntType(32), self.bits(), self.vector]]
        )
        return self.b.call(
            function, [pointer, ir.IntType(32)(self.scalar_bytes()), self.mask(width), self.zero]
        )

    def store(self, value: Any, place: Any, width: int) -> None:
        pointer: Any = self.b.bitcast(place, self.vector.as_pointer())
        if width == self.lanes:
            self.b.store(value, pointer, align=self.scalar_bytes())
            return
        function = self.masked(
            "store", [ir.VoidType(), [self.vector, pointer.type, ir.IntType(32), self.bits()]]
        )
        self.b.call(
            function, [value, pointer, ir.IntType(32)(self.scalar_bytes()), self.mask(width)]
        )

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
