"""From a step written in NumPy to one in machine code.

    trace -> statements -> nests, products, calls -> memory -> source -> Numba

A step is any function of arrays by name that returns a loss and changes its parameters in place.
What it did on the first batch is what every step does: its shapes and its decisions are settled.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from byhand.compiling.buffer import Buffer
from byhand.compiling.calls import HANDLERS
from byhand.compiling.cse import without_repeats
from byhand.compiling.dependences import live
from byhand.compiling.lower import lowered
from byhand.compiling.memory import Memory, planned, used
from byhand.compiling.module import Fed, module_source, regions
from byhand.compiling.nests import Item, fused
from byhand.compiling.numpy_shim import running
from byhand.compiling.one_hot import at_picks
from byhand.compiling.sinking import sunk
from byhand.compiling.source import ARENAS
from byhand.compiling.statements import ArrayArgument, NumpyCall
from byhand.compiling.tape import CONSTANT, Tape, Traced
from byhand.errors import UnsupportedError
from byhand.values.arrays import Array

Step = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class StepPlan:
    """All that is known of a step before its code is made."""

    items: list[Item]
    buffers: list[Buffer]
    memory: Memory
    inputs: dict[str, Buffer]
    first: dict[int, Array]
    loss: int

    @property
    def calls(self) -> list[str]:
        """What NumPy does itself, as `np.name (line 12)`."""
        return [
            f"np.{item.name}" + (f" (line {item.line})" if item.line else "")
            for item in self.items
            if isinstance(item, NumpyCall)
        ]


def plan(step: Step, values: Mapping[str, Any]) -> StepPlan:
    """Traces `step` on `values` and plans its code.

    Raises UnsupportedError, in one line, if what it does can't be known in advance.
    """
    tape = Tape(HANDLERS)
    inputs: dict[str, Buffer] = {}
    first: dict[int, Array] = {}

    def given(name: str, value: Any) -> Any:
        if isinstance(value, list):
            items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
            return [given(f"{name}[{i}]", item) for i, item in enumerate(items)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if not isinstance(value, np.ndarray):
            return value
        made = tape.input(name, value)  # pyright: ignore[reportUnknownArgumentType]
        inputs[name] = made.buffer
        first[made.buffer.number] = value
        return made

    token = running.set(tape)
    try:
        with np.errstate(all="ignore"):
            loss = step({name: given(name, value) for name, value in values.items()})
    finally:
        running.reset(token)
    if not isinstance(loss, Traced) or loss.size != 1 or loss.buffer.constant:
        raise UnsupportedError("the loss doesn't depend on the inputs")
    loss = tape.copy(loss)
    kept = {s.number for s in inputs.values()} | {loss.buffer.number}
    statements = without_repeats(live(tape.statements, kept), kept)
    statements = at_picks(live(statements, kept), tape.buffers, kept)
    statements = lowered(live(statements, kept), tape.buffers)
    items = sunk(fused(statements), kept)
    kept |= {s.number for s in tape.buffers if s.name == CONSTANT}
    for buffer in kept | {s for item in items for s in used(item)}:
        if tape.buffers[buffer].dtype.str not in ARENAS:
            raise UnsupportedError(f"arrays of {tape.buffers[buffer].dtype} aren't compiled")
    memory = planned(items, tape.buffers, kept)
    return StepPlan(items, tape.buffers, memory, inputs, first, loss.buffer.number)


@dataclass
class CompiledStep:
    """A step in machine code, with the memory it works in.

    `run(fed)` takes many steps: `fed` has the inputs that are another in each of them, with the
    steps as first axis. What is in `input(name)` is where they start from and what they change.
    `calls` are the parts that NumPy still does.
    """

    plan: StepPlan
    module: ModuleType
    fed: tuple[Fed, ...]
    arenas: dict[str, Array] = field(default_factory=dict[str, Array])

    @property
    def calls(self) -> list[str]:
        return self.plan.calls

    def input(self, name: str) -> Array:
        """The memory of an input: read it, and write it."""
        return self._inputs[name]

    @cached_property
    def _inputs(self) -> dict[str, Array]:
        return {
            name: self._array(ArrayArgument(buffer.view(buffer.base), buffer.base.shape))
            for name, buffer in self.plan.inputs.items()
        }

    def run(self, fed: Mapping[str, Array], steps: int | None = None) -> Array:
        """The losses of `steps` steps, by default of as many as `fed` has."""
        arrays = list(self.arenas.values())
        rows = [np.asarray(fed[each.name]) for each in self.fed]
        losses = np.empty(len(next(iter(fed.values()))) if steps is None else steps)
        rows = [
            np.ascontiguousarray(row.reshape(len(losses), -1), f.kind)
            for row, f in zip(rows, self.fed, strict=True)
        ]
        if hasattr(self.module, "steps"):
            self.module.steps(*arrays, *rows, losses)
            return losses
        buffer = self.plan.buffers[self.plan.loss]
        place = self.plan.memory.places[self.plan.loss]
        for step in range(len(losses)):
            for each, row in zip(self.fed, rows, strict=True):
                self.arenas[each.kind][each.place : each.place + each.size] = row[step]
            for part in self._parts:
                part(*arrays)
            losses[step] = self.arenas[buffer.dtype.str][place]
        return losses

    @cached_property
    def _parts(self) -> list[Callable[..., object]]:
        """What is run one after the other where a step isn't one function."""
        return [
            self._call(part[0])
            if isinstance(part[0], NumpyCall)
            else getattr(self.module, f"region_{i}")
            for i, part in enumerate(regions(self.plan.items))
        ]

    def _array(self, held: ArrayArgument) -> Array:
        """The array that a view shows."""
        buffer = self.plan.buffers[held.view.buffer]
        arena = self.arenas[buffer.dtype.str]
        start = self.plan.memory.places[buffer.number] + held.view.offset
        strides = tuple(stride * arena.itemsize for stride in held.view.strides)
        return np.lib.stride_tricks.as_strided(arena[start:], held.shape, strides)

    def _call(self, item: NumpyCall) -> Callable[..., object]:
        arguments, keywords = self._filled(item.arguments), self._filled(item.keywords)
        targets = [self._array(target) for target in item.targets]

        def call(*arrays: Array) -> None:
            result = item.function(*arguments, **keywords)
            results: list[Any] = list(result) if isinstance(result, (tuple, list)) else [result]  # pyright: ignore[reportUnknownArgumentType]
            for target, made in zip(targets, results, strict=True):
                target[...] = made

        return call

    def _filled(self, argument: Any) -> Any:
        match argument:
            case ArrayArgument():
                return self._array(argument)
            case list() | tuple():
                return type(argument)(map(self._filled, argument))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            case dict():
                return {key: self._filled(each) for key, each in argument.items()}  # pyright: ignore[reportUnknownVariableType]
            case _:
                return argument


def compile_step(step: Step, values: Mapping[str, Any], fed: tuple[str, ...]) -> CompiledStep:
    """Compiles `step` for inputs like `values`, of which those named in `fed` change every step.

    Raises UnsupportedError if it can't be followed, and ImportError without Numba.
    """
    if importlib.util.find_spec("numba") is None:
        raise ImportError("compiling needs Numba")
    made = plan(step, values)
    places = [made.inputs[name] for name in fed if name in made.inputs]
    feeding = tuple(
        Fed(s.name or "", s.dtype.str, made.memory.places[s.number], s.size)
        for s in places
        if s.number in made.memory.places
    )
    loss = (made.buffers[made.loss].dtype.str, made.memory.places[made.loss])
    source = module_source(made.items, made.memory, made.buffers, feeding, loss)
    compiled = CompiledStep(made, load(source), feeding)
    compiled.arenas = {kind: aligned(made.memory.sizes.get(kind, 1), kind) for kind in ARENAS}
    for buffer in made.buffers:
        if buffer.name is not None and buffer.number in made.memory.places:
            held = ArrayArgument(buffer.view(buffer.base), buffer.base.shape)
            compiled._array(held)[...] = made.first.get(buffer.number, buffer.base)  # pyright: ignore[reportPrivateUsage]
    return compiled


def aligned(size: int, kind: str) -> Array:
    """Zeros that begin with a line of the cache."""
    dtype = np.dtype(kind)
    raw = np.zeros(size * dtype.itemsize + 64, np.uint8)
    start = -raw.__array_interface__["data"][0] % 64
    return raw[start : start + size * dtype.itemsize].view(dtype)


def load(source: str) -> ModuleType:
    """The module of a source, kept in a cache folder, so that machine code is kept there too."""
    name = "step_" + hashlib.sha256(source.encode()).hexdigest()[:24]
    if name in sys.modules:
        return sys.modules[name]
    file = _folder() / f"{name}.py"
    if not file.exists():
        from byhand.files import write_aside

        write_aside(file, source)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _folder() -> Path:
    """Where compiled steps are kept: in the user's cache, or for this process only."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = root / "byhand" / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="byhand-"))
