"""Guesses at the arguments of a forward, each by itself: from what the function does with it, from
what its docstring says, or else from what it is called."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from byhand.sources.arguments import Argument, Floats, Integers, Literal
from byhand.sources.docstrings import Said
from byhand.sources.item_uses import string_keys
from byhand.sources.parameter_use import ParameterUse

GUESSES = 300

Axis: TypeAlias = str
"""`x.0`, the first axis of x; or "1", an axis that has the size 1."""
ONE: Axis = "1"


@dataclass(frozen=True)
class Array:
    """A guess at one argument: an array with these axes, of integers where `whole`.

    A `rare` one is only for a forward that doesn't run on others. Where backward alone would make
    the difference, its mistake is the likelier reason: `db = dout` is right of a bias with a row
    for each example.
    """

    axes: tuple[Axis, ...]
    whole: bool = False
    rare: bool = False


@dataclass(frozen=True)
class Length:
    """A guess at one argument: a number that is the size of a dimension, as `n_in` is."""

    name: str

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (self.name,)


@dataclass(frozen=True)
class AxisLengths:
    """A guess at one argument: a list of the sizes of dimensions, as `layer_sizes` is."""

    axes: tuple[Axis, ...]


@dataclass(frozen=True)
class Unrolled:
    """A guess at one argument: a vector that holds several arrays, as long as these are beside the
    other arguments."""

    length: Callable[[Mapping[str, Any]], int]
    axes: tuple[Axis, ...] = ()


Guess: TypeAlias = Array | Length | AxisLengths | Unrolled | Literal


def choices(
    name: str,
    use: ParameterUse,
    known: Argument | None,
    function: ast.FunctionDef,
    said: Said | None,
    answered: bool = False,
) -> Iterator[Guess]:
    """What an argument may be, the likeliest first. What is `known` is that; `said` is the shape
    that a docstring gives. What a gradient is `answered` of is an array of floats."""
    match known:
        case Floats(shape=shape):
            yield Array(axes_of(name, len(shape)))
            return
        case Integers(shape=shape):
            yield Array(axes_of(name, len(shape)), whole=True)
            return
        case Literal():
            yield known
            return
        case None:
            pass
    if answered and not use.settings:
        yield from _arrays(name, use, said)
        return
    number = _number(name, use)
    said_settings = re.search(r"(param|config|cfg|opts|options|hparams?)s?$", name) and not number
    if use.settings or said_settings:
        yield Literal(_items(name, use, function))
        return
    if use.texts:
        yield from map(Literal, use.texts)
        return
    if use.index:
        ranks = [1, 0, 2] if use.rank is None else [use.rank]
        if use.one or re.match(_ONE, name, re.I):
            ranks = [0, 1, 2]
        for rank in [len(said)] if said and use.rank is None else ranks:
            yield Array(axes_of(name, rank), whole=True)
            if rank == 2:  # labels in one row
                yield Array((ONE, f"{name}.1"), whole=True)
        return
    if number:
        yield from map(Literal, number)
        if use.whole:
            return
    elif _is_length(name, use) and use.rank is None and not use.at_least:
        yield Length(name)
        return
    yield from _arrays(name, use, said)


def _arrays(name: str, use: ParameterUse, said: Said | None) -> Iterator[Array]:
    described = said is not None and len(said) >= use.at_least and use.rank in (None, len(said))
    if said is not None and described:
        yield Array(tuple("1" if s == "1" else f"{name}.{i}" for i, s in enumerate(said)))
    if use.rank is not None:
        yield Array(axes_of(name, use.rank))
        return
    usual, rare = _patterns(name, use)
    for pattern in (*usual, *rare):
        if len(pattern) >= use.at_least:
            axes = tuple("1" if p == "1" else f"{name}.{i}" for i, p in enumerate(pattern))
            yield Array(axes, rare=described or pattern in rare)


def axes_in(guess: Guess) -> Sequence[Axis]:
    return () if isinstance(guess, Literal) else guess.axes


def axes_of(name: str, rank: int) -> tuple[Axis, ...]:
    return tuple(f"{name}.{axis}" for axis in range(rank))


_BIAS = r"(b|bias)(_?\w{0,2})?$"
_GAIN = r"(g_?\d?|(beta|gamma|gain|scale|shift|bn\w*)(_?\w{0,2})?)$"
_LABELS = r"(y\w*|t(?!heta|emp|au|otal|anh)\w*|labels?(_?\w*))$"
_ONE = r"(target|cent(er|re)|outside|correct|true|gold)\w*?_?(idx|index)$"
"""The number of one class or word."""
_WEIGHTS = r"(w|u|v|theta|kernel|filter|emb|proj)"


def _patterns(name: str, use: ParameterUse) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The axes that a parameter of this name may have, the likeliest first, and rare ones; "1" is
    a size of 1. What is called by a capital letter is a matrix."""
    low = _own(name)
    if use.squeezed:
        return ("n1", "1n"), ("nn", "n")
    if is_bias(name) and not use.factor:
        return (("n1", "n") if use.column else ("n", "1n", "n1")), ("", "nn", "1n11", "111n")
    if re.match(_GAIN, low):
        scalar = ("",) if re.match("scale|shift|gain", low) else ()
        return ("n", "1n", *scalar, "1n11"), ("n1", "nn", *(() if scalar else ("",)))
    if name.rpartition("_")[2][:1].isupper() or name[0].isupper():
        return ("nn",), ("1n", "n", "nnn", "nnnn")
    if re.search(r"(^|_)vec(tor)?$", low):
        return ("n", "n1", "1n"), ("nn",)
    if re.search(r"(^|_)vec(tor)?s$", low):  # several, one a row
        return ("nn",), ("n", "nnn")
    if is_labels(name):
        return ("nn", "n", "", "nnn", "n1"), ()
    if re.match(_WEIGHTS, low):
        return ("nn", "n"), ("n1", "nnnn", "nnn")
    if re.match(r"(h|c|s|a|hidden|cell|state)(_?(prev|0|t|last|init))?$", low):
        return ("nn", "n", "n1", "nnn", "nnnn", ""), ()
    return ("nn", "n", "nnn", "nn1", "nnnn", "", "n1"), ()


def is_labels(name: str) -> bool:
    """Whether an argument is called as the classes of examples are."""
    return bool(re.match(_LABELS, name.lower()))


def _own(name: str) -> str:
    """What a parameter is called in its layer: `b` for `layer1_b`."""
    low = name.lower()
    last = low.rpartition("_")[2]
    return last if re.match(r"(w|weights?|b|bias|gamma|beta)$", last) else low


def is_bias(name: str) -> bool:
    """Whether an argument is called as what is added to a product."""
    return bool(re.match(_BIAS, _own(name)))


def is_rare(guesses: Mapping[str, Guess], is_loss: bool) -> bool:
    """Whether one of the guesses is rare.

    A bias that is a number isn't where the weights are a vector, nor are these as a column where
    forward's output is a loss: so is logistic regression.
    """
    arrays = {n: g for n, g in guesses.items() if isinstance(g, Array) and not g.whole}
    weights = [g for n, g in arrays.items() if re.match(_WEIGHTS, _own(n))]
    vectors = bool(weights) and all(_long(each) == 1 for each in weights)
    numbers = any(not g.axes for n, g in arrays.items() if not is_bias(n))
    for name, guess in arrays.items():
        bias = is_bias(name) and not guess.axes
        column = _long(guess) == 1 and is_loss and not is_bias(name)
        if guess.rare and not (bias and (vectors or numbers)) and not (column and vectors):
            return True
    return False


def is_linear(names: Sequence[str]) -> bool:
    """Whether these are the arguments of a linear or logistic regression, `theta, X, y`: one is
    weights without a number, one labels."""
    weights = [name for name in names if re.match(r"(theta|w|weights?|coefs?)$", name)]
    return len(weights) == 1 and sum(map(is_labels, names)) == 1


def of_a_vector(
    names: Sequence[str], choices: Sequence[Sequence[Guess]]
) -> dict[str, Guess] | None:
    """The guess that weights and labels are vectors and a bias is a number, as in linear and
    logistic regression; None where they can't be."""
    found: dict[str, Guess] = {}
    for name, each in zip(names, choices, strict=True):
        bias, vector = is_bias(name), is_labels(name) or re.match(_WEIGHTS, _own(name))
        axes = 0 if bias else 1
        fit = (g for g in each if not (bias or vector) or _has_axes(g, axes))
        guess = next(fit, None)
        if guess is None:
            return None
        found[name] = guess
    return found


def of_one_example(
    names: Sequence[str], choices: Sequence[Sequence[Guess]], label: str
) -> dict[str, Guess] | None:
    """The guess that weights and an example are vectors, and its label and a bias are numbers, as
    in a loop over examples; None where they can't be."""
    weights = [name for name in names if re.match(_WEIGHTS, _own(name))]
    found: dict[str, Guess] = {}
    for name, each in zip(names, choices, strict=True):
        axes = 0 if is_bias(name) or name == label else 1
        known = len(each) == 1
        fit = (g for g in each if known or not isinstance(g, Array) or _has_axes(g, axes))
        guess = next(fit, None)
        if guess is None or len(weights) != 1:
            return None
        found[name] = guess
    return found


def _has_axes(guess: Guess, count: int) -> bool:
    return isinstance(guess, Array) and len(guess.axes) == _long(guess) == count


def _long(array: Array) -> int:
    return sum(axis != "1" for axis in array.axes)


_NUMBERS: tuple[tuple[str, tuple[float | int, ...]], ...] = (
    (r"eps(ilon)?$", (1e-5,)),
    (r"momentum$", (0.9,)),
    (r"(p|prob|rate|keep\w*|drop\w*|p_\w+)$", (0.5,)),
    (r"(alpha|slope|negative_slope|reg|reg_strength|lam|lambda?_?|l2|delta|margin)$", (0.1,)),
    (r"(weight_?decay|rho|sparsity\w*)$", (0.1,)),
    (r"(temperature|temp|tau)$", (2.0,)),
    (r"(stride|pad|padding|dilation)$", (1, 2)),
    (r"(g|groups?|num_groups|heads?|num_heads|n_heads?|k|pool\w*|kernel_size)$", (2, 3, 1)),
    (r"seed$", (0,)),
)


def is_setting(key: str, use: ParameterUse) -> bool:
    """Whether an item of a dict is a setting, such as a stride, and no array."""
    low = key.lower()
    known = any(re.match(pattern, low) for pattern, _ in _NUMBERS)
    known |= bool(re.search(_SETTING, low)) or _is_window(key, use.keys)
    return bool(use.keys.get(key)) or known


def _is_window(key: str, keys: Collection[str]) -> bool:
    """Whether an item `f` is the size of what goes over a picture, beside a stride."""
    return key == "f" and "stride" in keys


_PARTS = "in|out|input|output|hidden|dim|size|features?|num|embd?|vocab|units?|fan|channels?"
_LENGTH = rf"(n|d|m|h)?_?({_PARTS}|nin|nout|n)(_?({_PARTS}|\d))*$"
_SETTING = r"mode|phase|train|height|width|size|pool|window|num|running|dim|^n_|cache|act"


def _is_length(name: str, use: ParameterUse) -> bool:
    """Whether a number is a size: `n_in`; `input` alone is one only where arrays are made of it."""
    low = name.lower()
    whole = re.fullmatch(r"inputs?|outputs?|hidden|features?", low)
    return use.length or (bool(re.match(_LENGTH, low)) and whole is None)


def _number(name: str, use: ParameterUse) -> tuple[float | int, ...]:
    for pattern, numbers in _NUMBERS:
        if re.match(pattern, name.lower()) and use.rank is None and not use.at_least:
            return numbers
    return (2, 3, 1, 4) if use.whole else ()


def _items(name: str, use: ParameterUse, function: ast.FunctionDef) -> dict[str, Any]:
    """A dict of settings with the keys that the function reads."""
    keys = dict(use.keys)
    if "seed" in string_keys(function, name):
        keys["seed"] = ()
    pools = any(re.search("pool|kernel|size", key) or _is_window(key, keys) for key in keys)
    return {key: _item(key, texts, pools) for key, texts in keys.items()}


def _item(key: str, texts: Sequence[str], pools: bool) -> Any:
    if texts:
        return "train" if "train" in texts else texts[0]
    low = key.lower()
    if re.search(r"mode|phase", low):
        return "train"
    if re.search(r"train", low):
        return True
    if low == "stride":
        return 2 if pools else 1
    if low == "seed":
        return 123
    for pattern, numbers in _NUMBERS:
        if re.match(pattern, low):
            return numbers[0]
    return 2 if re.search(r"height|width|size|pool|window|num|^n_|^h+$|^w+$|^f$", low) else 0.5


def best_first(
    choices: Sequence[Sequence[Guess]],
) -> Iterator[tuple[Guess, ...]]:
    """The combinations, those of the likeliest choices first."""
    kinds = [_kind(each) for each in choices]
    alike = list(dict.fromkeys(kinds))  # what is called alike is alike, or else each by itself
    some = _ranks([choices[kinds.index(kind)] for kind in alike])
    together = [tuple(picked[alike.index(kind)] for kind in kinds) for picked in some]
    for picked in dict.fromkeys([*together, *_ranks(choices)]):
        yield tuple(each[i] for each, i in zip(choices, picked, strict=True))


def _ranks(choices: Sequence[Sequence[Guess]]) -> list[tuple[int, ...]]:
    ranks = itertools.product(*(range(min(len(each), 7)) for each in choices))
    some = itertools.islice(ranks, 20_000)
    return sorted(some, key=lambda ranks: (sum(ranks), ranks))[:GUESSES]


def _kind(choices: Sequence[Guess]) -> Hashable:
    """Equal for arguments with the same choices, whatever these are called."""
    return tuple(
        tuple(axis == "1" for axis in each.axes) if isinstance(each, Array) else repr(each)
        for each in choices
    )
