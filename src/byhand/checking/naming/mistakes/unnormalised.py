"""A normalising factor is missing: a mean's 1/n, or a softmax's denominator.

Bad:
    dlogprobs[np.arange(n), Y] = -1
Good:
    dlogprobs[np.arange(n), Y] = -1 / n
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from byhand.checking.naming.mistakes import wrong_exponent, wrong_operand
from byhand.checking.naming.proving.finding import Diagnosis, Mend
from byhand.checking.naming.proving.sizes import SAME, constant, sizes
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import array_factors, counts, parsed, text
from byhand.checking.running.names import touched_names
from byhand.program.program import Program, Step
from byhand.values.held import array


def find(suspect: Suspect) -> Diagnosis | None:
    mend = suspect.mend(_mean)
    if mend is not None:
        return mend.finding("this takes a sum where a mean belongs")
    for name, size in sizes(suspect.telling).items():
        for scale in suspect.scales:
            if scale.constant is not None:
                continue
            if _is_one_over(scale.times, size):
                if wrong_exponent.find(suspect) is not None:  # the square of a 1 / sqrt(n)
                    return None
                return Diagnosis(
                    f"`{text(scale.part)}` is not divided by {name}: a mean divides by the "
                    "number of elements",
                    scale.statement.lineno,
                )
    for name, size in _areas(suspect).items():
        for scale in suspect.scales:
            if scale.constant is None and np.allclose(
                [c * n for c, n in zip(scale.times, size, strict=True)], 1.0, rtol=SAME, atol=0
            ):
                return Diagnosis(
                    f"`{text(scale.part)}` is not divided by {name}: a mean divides by the "
                    "number of elements",
                    scale.statement.lineno,
                )
    whole, known = suspect.times_too_large, sizes(suspect.telling)
    twice = whole is not None and all(map(constant, known.values())) and _is_twice(whole, suspect)
    if whole is not None and constant(whole) and not all(map(constant, known.values())):
        whole = None  # a number, which a size that stays the same may be by chance
    if whole is not None and whole[0] in _numbers(suspect):
        whole = None  # it is written there
    for name, size in known.items():
        if whole is not None and np.allclose(whole, size, rtol=SAME, atol=0):
            return Diagnosis(
                f"{suspect.d} is {name} times as large as it should be: a mean divides by the "
                "number of elements"
            )
    mend = None if twice else _with_another_size(suspect)
    if mend is not None:
        part = mend.part.right if isinstance(mend.part, ast.BinOp) else mend.part
        return replace(mend, part=part).finding(
            f"`{text(part)}` is not the number of elements: what does forward take the mean over?"
        )
    normalisers = _normalisers(suspect.program)

    def times(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        assert isinstance(part, ast.expr)
        there = {text(node) for node in ast.walk(part)}
        for name in normalisers:
            yield ast.BinOp(part, ast.Mult(), ast.Name(name, ast.Load()))
            if name not in there:  # else it is one too many
                yield ast.BinOp(part, ast.Div(), ast.Name(name, ast.Load()))

    mend = suspect.mend_parts(array_factors, times) if normalisers else None
    if mend is None or wrong_operand.find(suspect) is not None:  # x for x / norm
        return None
    if wrong_exponent.find(suspect) is not None:  # / norm for / norm**2
        return None
    return mend.finding(
        f"`{text(mend.part)}` lacks a normalising factor: what should it be divided by?"
    )


def find_late(suspect: Suspect) -> Diagnosis | None:
    """A mean that backward makes in a local, and uses more than once."""
    written = _numbers(suspect)  # a size that stays the same may be one of these by chance
    known = [
        parsed(name)
        for name, size in sizes(suspect.telling).items()
        if not (constant(size) and size[0] in written)
    ]

    def over(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        assert isinstance(part, ast.expr)
        yield from (ast.BinOp(part, ast.Div(), size) for size in known)

    def made(statement: ast.stmt) -> Iterator[ast.AST]:
        match statement:
            case ast.Assign(targets=[ast.Name()], value=ast.BinOp() | ast.Call() as value):
                yield from () if suspect.owns(statement) else (value,)
            case _:
                pass

    mend = suspect.mend_parts(made, over) if known else None
    if mend is None:
        return None
    assert isinstance(mend.new, ast.BinOp)
    return mend.finding(
        f"`{text(mend.part)}` is not divided by {text(mend.new.right)}: a mean divides by the "
        "number of elements"
    )


def _numbers(suspect: Suspect) -> set[float]:
    """The numbers that the user's statements multiply by: `2 * x.T @ dy`."""
    return {
        float(side.value)
        for statement in suspect.statements
        for node in ast.walk(statement)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)
        for side in (node.left, node.right)
        if isinstance(side, ast.Constant) and isinstance(side.value, int | float)
    }


def _is_one_over(times: Sequence[float], size: Sequence[int]) -> bool:
    """Whether a factor is 1 over a size, or another number over one: at two sizes alone, that may
    be by chance, as 5/4 and 3/2 are over 6 and 5."""
    over = [c * n for c, n in zip(times, size, strict=True)]
    return constant([*over, 1.0]) or (constant(over) and len({*size}) > 2)


def _areas(suspect: Suspect) -> dict[str, tuple[int, ...]]:
    """What a mean over two axes of an array divides by, one number for each draw."""
    found: dict[str, tuple[int, ...]] = {}
    programs = [evidence.trial.drawn.truth for evidence in suspect.telling]
    for step in suspect.program:
        shapes = [p[step.name].shape for p in programs if step.name in p]
        (axes, *others) = {len(shape) for shape in shapes} or {0}
        if len(shapes) == len(programs) and axes > 2 and not others:
            for a, b in combinations(range(axes), 2):
                area = tuple(shape[a] * shape[b] for shape in shapes)
                if max(area) > 1 and area not in found.values():
                    found[f"{step.name}.shape[{a}] * {step.name}.shape[{b}]"] = area
    return found


def _mean(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
    match part:
        case ast.Attribute(value=value, attr="sum" | "nansum"):
            yield ast.Attribute(value, "mean", ast.Load())
        case _:
            pass


def _is_twice(whole: Sequence[float], suspect: Suspect) -> bool:
    """Whether it is half or twice what it should be, where nothing has a size of 2: if sizes stay
    the same, one may be half of another by chance, and the 2 is that of a square."""
    half = any(np.allclose(whole, times, rtol=SAME, atol=0) for times in (0.5, 2.0))
    return half and not any(2 in step.shape for step in suspect.program)


def _with_another_size(suspect: Suspect) -> Mend | None:
    """It divides by another size, or by only one of several that a mean was taken over."""
    of_masks = [*_counts(suspect), *_sums(suspect)]
    others = [*sizes(suspect.telling), *_all_but_one(suspect), *of_masks]

    def larger(part: ast.expr) -> Iterator[ast.expr]:
        for size in others:
            yield parsed(size)
            yield ast.BinOp(part, ast.Mult(), parsed(size))

    def more(part: ast.AST, statement: ast.stmt) -> Iterator[ast.AST]:
        match part:
            case (
                ast.Subscript(value=ast.Attribute(attr="shape"))
                | ast.Call(func=ast.Name(id="len") | ast.Attribute(attr="numel" | "size"))
                | ast.Attribute(attr="size")
            ):
                yield from larger(part)
            case ast.BinOp(op=ast.Div(), left=left, right=ast.Name(id=name)) if counts(
                name, suspect.function
            ):
                yield from (ast.BinOp(left, ast.Div(), parsed(each)) for each in others)
            case ast.Name(id=name) if counts(name, suspect.function) and _is_a_size(statement):
                yield from larger(part)
            case _:
                pass

    return suspect.mend(more, in_index=False)


def _sums(suspect: Suspect) -> Iterator[str]:
    """The sums of weights: of values of forward with one number for each row, and of locals."""
    own = {name for statement in suspect.statements for name in touched_names(statement)}
    rows = {name for name, shape in suspect.values.items() if len(shape) == 1}
    yield from (f"{name}.sum()" for name in sorted(rows | own - suspect.gradients.keys()))


def _is_a_size(statement: ast.stmt) -> bool:
    """Whether a statement makes a size, as `m = N * H` does, and nothing else."""
    plain = (ast.Name, ast.BinOp, ast.Mult, ast.Load)
    match statement:
        case ast.Assign(targets=[ast.Name()], value=value):
            return all(isinstance(part, plain) for part in ast.walk(value))
        case _:
            return False


def _all_but_one(suspect: Suspect) -> Iterator[str]:
    """The sizes of a picture without its channels."""
    for name in suspect.program.bindings:
        shape = suspect.shapes.get(name, ())
        if name.isidentifier() and len(shape) > 2:
            for others in combinations(range(len(shape)), len(shape) - 1):
                yield "(" + " * ".join(f"{name}.shape[{axis}]" for axis in others) + ")"


def _counts(suspect: Suspect) -> Iterator[str]:
    """How many a mask lets through: values of forward that are one whole number, and the sums of
    those that hold nothing but 0 and 1."""
    for name, value in suspect.first.trial.available.items():
        held = None if type(value) is float else array(value)
        if held is None or held.dtype.kind not in "biuf":
            continue
        if held.ndim == 0 and held.dtype.kind != "b" and held % 1 == 0:
            yield name
        elif held.ndim and np.isin(held, (0, 1)).all():
            yield f"{name}.sum()"
            yield from (f"{name}.sum({axis})[..., None]" for axis in range(held.ndim))
            yield from (f"{name}.sum({axis})" for axis in range(held.ndim))


def _normalisers(program: Program) -> list[str]:
    """The steps of forward that are a sum over an axis, and those that are one over such a sum."""
    found: list[str] = []
    for step in program.steps:
        if "[" in step.name or 1 not in step.shape or not (step.value > 0).all():
            continue
        adds_up = any(op.name in ("sum", "mean") for op in step.ops)
        if adds_up or any(_is_inverse(step, program[name]) for name in found):
            found.append(step.name)
    return found


def _is_inverse(step: Step, other: Step) -> bool:
    return step.shape == other.shape and bool(np.allclose(step.value * other.value, 1.0))
