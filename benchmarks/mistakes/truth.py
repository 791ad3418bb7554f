"""What an edited backward really does, found by running it beside the right one.

Nothing here asks byhand: forward and both backwards run as plain Python. `run` gives every gradient
at the end; `compare_lines` corrects each gradient after the statement that wrote it, so that what
differs there is the fault of that statement alone.
"""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .source import Source, statements, targets

Values = dict[str, Any]
SIZES = ((), (5, 3, 7, 11, 13, 4), (4, 6, 9, 8, 5, 3), (16, 2, 3, 5, 4, 6))
RELATIVE, ABSOLUTE = 1e-8, 1e-13


@dataclass(frozen=True, eq=False)
class Sample:
    """One draw: what backward can ask for, and the true gradients by the right backward."""

    source: Source
    given: Values
    sizes: Values

    @cached_property
    def answers(self) -> set[str]:
        """The names of the locals that answer for a value of forward."""
        return {f"d{name}" for name, value in self.given.items() if _floats(value)}

    @cached_property
    def right(self) -> Values:
        return run(self.source.backward, self)

    @cached_property
    def scale(self) -> float:
        """The size of the largest gradient, to tell rounding noise from a number."""
        return max((_size(a) for _, a in leaves(self.right)), default=0.0)

    @cached_property
    def trail(self) -> list[Values]:
        """The gradients after every statement of the right backward."""
        found: list[Values] = []

        def note(ns: Values) -> None:
            found.append({k: copied(ns[k]) for k in self.answers if k in ns})

        run(self.source.backward, self, note)
        return found

    def differ(self, a: Any, b: Any) -> bool:
        """Whether two gradients differ by more than rounding."""
        if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
            return len(a) != len(b) or any(map(self.differ, a, b))
        if isinstance(a, (list, tuple)) or isinstance(b, (list, tuple)):
            return True
        if a is None or b is None:
            return (a is None) != (b is None)
        a, b = as_array(a), as_array(b)
        if a.shape != b.shape:
            return True
        with np.errstate(all="ignore"):
            off = np.abs(a - b)
        allowed = RELATIVE * max(_size(a), _size(b)) + ABSOLUTE * self.scale
        return not bool(np.all(off <= allowed))


def samples(source: Source, seed: int) -> list[Sample]:
    """The default sizes twice, and others, where forward can be run on them."""
    names = list(source.dimensions)
    plans = [
        {},
        *(dict(zip(names, sizes, strict=False)) for sizes in SIZES),
        {k: 2 * v for k, v in source.dimensions.items()},
    ]
    return _drawn(source, plans, seed)


def samples_of_one(source: Source, seed: int) -> list[Sample]:
    """A batch of 1 (the first size), where the problem can be run on it."""
    drawn = _drawn(source, [{name: 1} for name in list(source.dimensions)[:1]], seed)
    return [sample for sample in drawn if not raises(source.backward, sample)]


def _drawn(source: Source, plans: list[dict[str, int]], seed: int) -> list[Sample]:
    found: list[Sample] = []
    for i, sizes in enumerate(plans):
        try:
            with np.errstate(divide="raise", invalid="raise", over="raise"):
                found.append(_sample(source, sizes, seed + i))
        except Exception:
            continue
    return found


def _sample(source: Source, sizes: Mapping[str, int], seed: int) -> Sample:
    rng = np.random.default_rng([seed, 7])
    drawn = source.module.inputs(rng, **sizes)
    namespace = {**source.module.__dict__, **drawn}
    body = source.forward.body
    exec(_code([s for s in body if not isinstance(s, ast.Return)]), namespace)
    returned = next(s.value for s in body if isinstance(s, ast.Return))
    known = set(source.module.__dict__) - set(drawn)
    given = {k: v for k, v in namespace.items() if k not in known and k != "__builtins__"}
    for name in [n.id for n in ast.walk(returned) if isinstance(n, ast.Name)] if returned else []:
        value = namespace[name]
        given[f"d{name}"] = value * 0 + rng.normal(size=value.shape) if np.ndim(value) else 1.0
    return Sample(source, given, {**source.dimensions, **sizes})


def run(
    backward: ast.FunctionDef, sample: Sample, after: Callable[[Values], None] | None = None
) -> Values:
    """The gradients that a backward leaves; `after` is called after every statement.

    Raises whatever the backward raises.
    """
    parameters = [a.arg for a in backward.args.args]
    given = copied({p: sample.given[p] for p in parameters})
    namespace = {**sample.source.module.__dict__, **given}
    body = [s for s in backward.body if not isinstance(s, ast.Return)]
    if after is not None:
        namespace["__after__"] = lambda: after(namespace)
        body = _hooked(copy.deepcopy(body))
    with np.errstate(all="ignore"):
        exec(_code(body), namespace)
    asked = {p for p in parameters if p.startswith("d")}
    found = {k: namespace[k] for k in sample.answers if k in namespace and k not in asked}
    return {**found, **{p: given[p] for p in given if _floats(given[p])}}  # these may be damaged


def _hooked(body: list[ast.stmt]) -> list[ast.stmt]:
    simple = {id(s) for s in statements(body)}
    call = ast.parse("__after__()").body[0]

    def hook(block: list[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for node in block:
            for field in ("body", "orelse"):
                inner = getattr(node, field, None)
                if isinstance(inner, list):
                    setattr(node, field, hook(inner))
            counts = id(node) in simple or isinstance(node, ast.Pass)
            out += [node, call] if counts and not getattr(node, "extra", False) else [node]
        return out

    return hook(body)


def _code(body: list[ast.stmt]) -> Any:
    return compile(ast.fix_missing_locations(ast.Module(body, [])), "<backward>", "exec")


def raises(backward: ast.FunctionDef, sample: Sample) -> bool:
    try:
        run(backward, sample)
    except Exception:
        return True
    return False


def wrong_results(backward: ast.FunctionDef, drawn: list[Sample]) -> set[str]:
    """The gradients that are wrong at the end, on any draw. Raises whatever the backward raises."""
    found: set[str] = set()
    for sample in drawn:
        there = run(backward, sample)
        found |= {
            k for k in sample.right if k not in there or sample.differ(there[k], sample.right[k])
        }
    return found


def faults(backward: ast.FunctionDef, drawn: list[Sample]) -> set[str]:
    """The names whose own statements are wrong: each is put right before the next one runs.

    The edited backward must have as many statements as the right one, a `pass` for one left out.
    """
    found: set[str] = set()
    for sample in drawn:
        found |= {name for name, _, _ in differences(backward, sample)}
    return found


def differences(backward: ast.FunctionDef, sample: Sample) -> list[tuple[str, Any, Any]]:
    """What each statement got wrong by itself: the name, its value, the right one."""
    found: list[tuple[str, Any, Any]] = []
    steps = iter(sample.trail)

    def mend(ns: Values) -> None:
        right = next(steps)
        for k, value in right.items():
            there = ns.get(k)
            if sample.differ(there, value):
                for (name, a), (_, b) in zip(leaves({k: there}), leaves({k: value}), strict=False):
                    if sample.differ(a, b):
                        found.append((name.removeprefix("d"), copied(a), b))
                ns[k] = copied(value)

    try:
        run(backward, sample, mend)
    except Exception as error:  # it was fed what is right: so it is at fault itself
        line = _line(error)
        for s in statements(backward.body):
            if s.lineno <= line <= (s.end_lineno or s.lineno):
                found += [(name[1:], None, None) for name in targets(s) if name in sample.answers]
    return found


def _line(error: Exception) -> int:
    """The line of the backward that raised."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<backward>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def leaves(values: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Arrays by name, the items of lists as `name[0]`."""
    if isinstance(values, dict):
        for k, v in values.items():
            yield from leaves(v, k)
    elif isinstance(values, (list, tuple)):
        for i, v in enumerate(values):
            yield from leaves(v, f"{name}[{i}]")
    else:
        yield name, values


def as_array(value: Any) -> Any:
    return value.detach().numpy() if hasattr(value, "detach") else np.asarray(value)


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: copied(v) for k, v in value.items()}
    return copy.deepcopy(value)


def _size(value: Any) -> float:
    if value is None:
        return 0.0
    array = as_array(value)
    return float(np.max(np.abs(array), initial=0.0)) if array.dtype.kind == "f" else 0.0


def _floats(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_floats, value))
    if inspect.ismodule(value) or (callable(value) and not hasattr(value, "detach")):
        return False
    if type(value) in (bool, int, float, str) or value is None:
        return False
    return as_array(value).dtype.kind == "f"


def names_written(function: ast.FunctionDef) -> set[str]:
    return {n for s in statements(function.body) for n in targets(s)}
