"""Right backwards of random networks, in the many ways in which people write them.

A network is a few layers and a loss; its backward is put together line by line, and each line is
written in one of several styles: masks in place, locals that are used on, a running gradient, a
convention of sums for means, lists and dicts of parameters, and the statements of Python around it
all. What comes out is right, whatever was drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import indent

import numpy as np

ACTIVATIONS = {
    "relu": ("np.maximum({z}, 0)", "({z} > 0)"),
    "relu6": ("np.clip({z}, 0, 6)", "(({z} > 0) & ({z} < 6))"),
    "leaky": ("np.where({z} > 0, {z}, 0.1 * {z})", "np.where({z} > 0, 1, 0.1)"),
    "tanh": ("np.tanh({z})", "(1 - {h}**2)"),
    "sigmoid": ("1 / (1 + np.exp(-{z}))", "{h} * (1 - {h})"),
    "square": ("{z}**2 / 4", "({z} / 2)"),
}


@dataclass
class Writer:
    """A backward as it grows: its lines, and what it asks for."""

    rng: np.random.Generator
    lines: list[str] = field(default_factory=list[str])
    asked: dict[str, None] = field(default_factory=dict[str, None])

    def pick(self, *choices: str) -> str:
        return choices[self.rng.integers(len(choices))]

    def chance(self, of: float = 0.5) -> bool:
        return bool(self.rng.random() < of)

    def ask(self, *names: str) -> None:
        self.asked |= dict.fromkeys(names)

    def write(self, *lines: str) -> None:
        """Adds statements, some of them within others of Python's."""
        for line in lines:
            kind = self.rng.integers(24)
            target, sign, value = line.partition(" = ")
            match kind:
                case 0:
                    self.lines += ["with np.errstate(all='ignore'):", f"    {line}"]
                case 1:
                    self.lines += ["try:", f"    {line}", "finally:", "    pass"]
                case 2:
                    self.lines += ["if True:", f"    {line}"]
                case 3:
                    self.lines += ["for _ in range(1):", f"    {line}"]
                case 4 if sign and target.isidentifier():
                    self.lines += [f"({target} := {value})"]
                case 5 if sign and target.isidentifier():
                    self.lines += [f"{target}, *rest = [{value}, None]"]
                case 6 if sign and target.isidentifier():
                    self.lines += ["match len('a'):", "    case 1:", f"        {line}"]
                case 7:
                    self.lines += [f"scratch = 1.0; {line}; del scratch"]
                case _:
                    self.lines += [line]


@dataclass(frozen=True)
class Styled:
    """A problem file, and the styles that it is in."""

    source: str
    styles: tuple[str, ...]


def styled(seed: int) -> Styled:
    """The problem of this number."""
    rng = np.random.default_rng(seed)
    depth = int(rng.integers(1, 4))
    kinds = [str(each) for each in rng.choice(list(ACTIVATIONS), depth)]
    holder = str(rng.choice(["names", "names", "list", "dict"]))
    ends = str(rng.choice(["output", "squares", "cross-entropy"]))
    writer = Writer(rng)
    forward = _forward(kinds, holder, ends, named=bool(rng.random() < 0.6))
    styles = [holder, ends]
    sums = ends != "output" and writer.chance(0.3)
    styles += ["sums for means"] if sums else []
    running = _loss(writer, ends, sums, depth)
    one = writer.chance(0.3)  # the same local all the way down
    styles += ["running"] if one else []
    _unpacked(writer, holder)
    divide = " / n" if sums else ""
    if sums:
        writer.lines.append("n = x.shape[0]")
        writer.ask("x")
    for i in reversed(range(depth)):
        before = "x" if i == 0 else f"h{i - 1}"
        running, style = _activation(writer, kinds[i], i, running, forward.named, one, holder)
        styles.append(style)
        writer.ask(before)
        weight = _parameter(writer, holder, "W", i)
        _store(writer, holder, "W", i, f"{before}.T @ {running}{divide}")
        _store(writer, holder, "b", i, f"{running}.sum({writer.pick('0', 'axis=0')}){divide}")
        if i:
            after = running if one else f"dh{i - 1}"
            writer.write(f"{after} = {running} @ {weight}.T")
            running = after
    return Styled(_source(forward, writer, depth, holder, ends), tuple(styles))


@dataclass(frozen=True)
class Forward:
    lines: Sequence[str]
    named: bool
    returned: str


def _forward(kinds: Sequence[str], holder: str, ends: str, named: bool) -> Forward:
    lines: list[str] = []
    for i, kind in enumerate(kinds):
        before = "x" if i == 0 else f"h{i - 1}"
        inner = f"{before} @ {_written('W', i, holder)} + {_written('b', i, holder)}"
        activation = ACTIVATIONS[kind][0]
        if named or activation.count("{z}") > 1:
            lines += [f"z{i} = {inner}", f"h{i} = {activation.format(z=f'z{i}')}"]
        else:
            lines += [f"h{i} = {activation.format(z=f'({inner})')}"]
    last = f"h{len(kinds) - 1}"
    match ends:
        case "squares":
            lines += [f"loss = (({last} - t) ** 2).sum() / len(t)"]
        case "cross-entropy":
            lines += [
                f"logits = {last} - {last}.max(1, keepdims=True)",
                "p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)",
                "loss = -np.log(p[np.arange(len(y)), y]).mean()",
            ]
        case _:
            return Forward(lines, named, last)
    return Forward(lines, named, "loss")


def _written(name: str, i: int, holder: str) -> str:
    return {"names": f"{name}{i}", "list": f"{name}s[{i}]", "dict": f'P["{name}{i}"]'}[holder]


def _loss(writer: Writer, ends: str, sums: bool, depth: int) -> str:
    """The gradient of the last layer's output, by the name that it is left in."""
    last = f"h{depth - 1}"
    match ends:
        case "squares":
            writer.ask(last, "t")
            divide = "" if sums else " / len(t)"
            writer.write(f"d{last} = 2 * ({last} - t){divide}")
        case "cross-entropy":
            writer.ask("p", "y")
            if writer.chance():
                writer.write(f"d{last} = p.copy()", f"d{last}[np.arange(len(y)), y] -= 1")
                if not sums:
                    writer.write(f"d{last} /= len(y)")
            else:
                divide = "" if sums else " / len(y)"
                writer.write(f"d{last} = (p - np.eye(p.shape[1])[y]){divide}")
        case _:
            writer.ask(f"d{last}")
    return f"d{last}"


def _activation(
    writer: Writer, kind: str, i: int, running: str, named: bool, one: bool, holder: str
) -> tuple[str, str]:
    """The lines of an activation's backward; the local that holds the gradient then; the style."""
    known = named or ACTIVATIONS[kind][0].count("{z}") > 1
    if not known:
        derivative = {"relu": "({h} > 0)", "relu6": "(({h} > 0) & ({h} < 6))"}.get(kind)
        derivative = derivative or ACTIVATIONS[kind][1]
        if "{z}" in derivative:
            derivative = "({u} / 2)".replace("{u}", _inner(writer, i, holder))
    else:
        derivative = ACTIVATIONS[kind][1]
    local = derivative.format(z=f"z{i}", h=f"h{i}")
    writer.ask(*([f"z{i}"] if f"z{i}" in local else []), *([f"h{i}"] if f"h{i}" in local else []))
    styles = ["in place", "rebound", *([] if one else ["another", "copied", "passed on"])]
    style = writer.pick(*styles)
    if kind == "relu" and writer.chance(0.5) and style in ("in place", "copied"):
        edge = f"{local[1:-1].replace('>', '<=')}"
        into = running if style == "in place" else f"dz{i}"
        if style == "copied":
            writer.write(f"{into} = {running}.copy()")
        writer.write(f"{into}[{edge}] = 0")
        return into, f"mask {style}"
    match style:
        case "in place":
            writer.write(f"{running} *= {local}")
            return running, style
        case "rebound":
            writer.write(f"{running} = {running} * {local}")
            return running, style
        case "copied":
            writer.write(f"dz{i} = np.array({running})", f"dz{i} *= {local}")
        case "passed on":
            writer.write(f"{running} *= {local}", f"dz{i} = {running}")
        case _:
            writer.write(f"dz{i} = {running} * {local}")
    return f"dz{i}", style


def _inner(writer: Writer, i: int, holder: str) -> str:
    """What stands inside of an activation, computed anew."""
    before = "x" if i == 0 else f"h{i - 1}"
    writer.ask(before)
    weight, bias = (_parameter(writer, holder, name, i) for name in ("W", "b"))
    return f"({before} @ {weight} + {bias})"


def _unpacked(writer: Writer, holder: str) -> None:
    match holder:
        case "list":
            writer.ask("Ws", "bs")
            writer.lines += ["dWs, dbs = [None] * len(Ws), [None] * len(bs)"]
        case "dict":
            writer.ask("P")
            writer.lines += ["dP = {}"]
        case _:
            pass


def _parameter(writer: Writer, holder: str, name: str, i: int) -> str:
    if holder == "names":
        writer.ask(f"{name}{i}")
    return _written(name, i, holder)


def _store(writer: Writer, holder: str, name: str, i: int, value: str) -> None:
    places = {"names": f"d{name}{i}", "list": f"d{name}s[{i}]", "dict": f'dP["{name}{i}"]'}
    writer.write(f"{places[holder]} = {value}")


def _source(forward: Forward, writer: Writer, depth: int, holder: str, ends: str) -> str:
    sizes = ["d", *(f"k{i}" for i in range(depth - 1)), "c"]
    drawn: list[tuple[str, int, str]] = []
    for i in range(depth):
        drawn += [
            ("W", i, f"rng.normal(size=({sizes[i]}, {sizes[i + 1]}))"),
            ("b", i, f"rng.normal(size={sizes[i + 1]}) * 0.3"),
        ]
    match holder:
        case "list":
            given = [
                f'"{name}s": [' + ", ".join(v for n, _, v in drawn if n == name) + "]"
                for name in ("W", "b")
            ]
            parameters = ["Ws", "bs"]
        case "dict":
            given = ['"P": {' + ", ".join(f'"{n}{i}": {v}' for n, i, v in drawn) + "}"]
            parameters = ["P"]
        case _:
            given = [f'"{n}{i}": {v}' for n, i, v in drawn]
            parameters = [f"{n}{i}" for n, i, _ in drawn]
    given.append('"x": rng.normal(size=(n, d))')
    data = ["x"]
    if ends == "squares":
        given.append('"t": rng.normal(size=(n, c))')
        data.append("t")
    if ends == "cross-entropy":
        given.append('"y": rng.integers(0, c, n)')
    floats = list(data)
    arguments = [*parameters, *data, *(["y"] if ends == "cross-entropy" else [])]
    keywords = ", ".join(f"{name}={2 + k}" for k, name in enumerate(["n", *sizes], start=1))
    return "\n".join(
        [
            '"""A network."""',
            "import numpy as np",
            f"data = {tuple(floats)!r}",
            f"def inputs(rng, *, {keywords}):",
            f"    return {{{', '.join(given)}}}",
            f"def forward({', '.join(arguments)}):",
            *(f"    {line}" for line in forward.lines),
            f"    return {forward.returned}",
            f"def backward({', '.join(writer.asked)}):",
            indent("\n".join(writer.lines), "    "),
            "",
        ]
    )
