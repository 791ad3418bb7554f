"""PyTorch's names: which function answers each, and the way there and back.

PyTorch hands a call with one of our tensors in it to `__torch_function__`. The function is known by
its name alone (`torch.relu`, `torch.nn.functional.relu` and `torch.Tensor.relu` mean the same), so
byhand never imports torch: where a torch tensor turns up, PyTorch is there already.
"""

# What PyTorch hands over can be anything.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Mapping
from functools import cache
from inspect import Parameter, Signature, signature
from typing import Any, NoReturn

import numpy as np

from byhand.errors import UnsupportedError
from byhand.ops import REGISTRY
from byhand.ops.fourier import instead_of
from byhand.torch_dialect import (
    activations,
    indexing,
    layers,
    linear,
    losses,
    math,
    methods,
    pictures,
    reductions,
    shape,
)
from byhand.torch_dialect.tables import torch_names
from byhand.values.arrays import Array

_OF_ONE_TENSOR: Mapping[str, Callable[..., Any]] = {
    **math.FUNCTIONS,
    **activations.FUNCTIONS,
    **linear.FUNCTIONS,
    **reductions.FUNCTIONS,
    **shape.FUNCTIONS,
    **indexing.FUNCTIONS,
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **_OF_ONE_TENSOR,
    **layers.FUNCTIONS,
    **pictures.FUNCTIONS,
    **losses.FUNCTIONS,
}
"""By name, a function with PyTorch's signature, less the options that have no rule."""

METHODS: Mapping[str, Callable[..., Any]] = {**_OF_ONE_TENSOR, **methods.METHODS}
"""By name, a method as a function whose first argument is the tensor."""

# fmt: off
WITHOUT_GRADIENT = frozenset((
    "equal", "allclose", "isclose", "isposinf", "isneginf", "isin", "all", "any", "count_nonzero",
    "nonzero", "argwhere", "signbit", "logical_xor", "bucketize", "searchsorted", "bincount",
    "numel", "zeros_like", "ones_like", "full_like", "empty_like", "is_floating_point",
    "is_complex", "is_nonzero", "is_same_size", "result_type",
)).union(*(torch_names(op) for op in REGISTRY.values() if op.boolean))
"""What PyTorch computes itself: the result is a constant whatever the floats are, or no float."""

RANDOM = frozenset((
    "rand_like", "randn_like", "randint_like", "bernoulli", "multinomial", "normal", "poisson",
    "rrelu", "gumbel_softmax", "feature_dropout", "feature_alpha_dropout",
    "fractional_max_pool2d"
))
# fmt: on

_SAME_OPTION = {"axis": "dim", "keepdims": "keepdim"}  # PyTorch takes NumPy's words as well


def dispatch(func: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """The answer to a call that PyTorch handed over, as PyTorch code can go on with it."""
    name = func.__name__
    if options.get("inplace") is True or _in_place(name, FUNCTIONS):  # F.relu(x, inplace=True)
        plain = {key: value for key, value in options.items() if key != "inplace"}
        first, *others = args
        new = call(FUNCTIONS, name.removesuffix("_"), first, *arrays(others), **arrays(plain))
        return changed(first, new, name)
    if name in FUNCTIONS:
        return as_torch(call(FUNCTIONS, name, *arrays(args), **arrays(dict(options))))
    if name in WITHOUT_GRADIENT:
        return _by_pytorch(func)(*values(args), **values(dict(options)))
    tensor = next(_tensors((*args, *options.values())))
    return tensor.without_op(f"torch.{name}", _by_pytorch(func), args, options)


def call(table: Mapping[str, Callable[..., Any]], name: str, /, *args: Any, **options: Any) -> Any:
    """The function `name` of the table, on tensors and arrays; refuses options without a rule."""
    function = table[name]
    form = _form(function)
    kinds = {parameter.name: parameter.kind for parameter in form.parameters.values()}
    taken: dict[str, Any] = {}
    for option, value in options.items():
        if option not in kinds:
            option = _SAME_OPTION.get(option, option)
        if kinds.get(option) is Parameter.VAR_POSITIONAL:  # torch.permute(x, dims=(1, 0))
            args = (*args, value)
        elif option in kinds or Parameter.VAR_KEYWORD in kinds.values():
            taken[option] = value
        elif not _means_nothing(option, value):
            raise UnsupportedError(f"torch.{name}(..., {option}=...) has no rule: leave it out")
    try:
        form.bind(*args, **taken)
    except TypeError as error:
        raise UnsupportedError(f"torch.{name}: {error}; what has a rule is {name}{form}") from None
    return function(*args, **taken)


@cache
def _form(function: Callable[..., Any]) -> Signature:
    """How a function is called: its parameters without their types."""
    parameters = signature(function).parameters.values()
    return Signature([parameter.replace(annotation=Parameter.empty) for parameter in parameters])


def _means_nothing(option: str, value: Any) -> bool:
    """Whether an option leaves the answer as it is: it is off, or chooses a precision."""
    if option == "dtype" and getattr(value, "is_floating_point", False):
        return True
    if option in ("size_average", "reduce"):  # older words for `reduction`
        return value is None
    return value is None or value is False or option.startswith("_")


# Methods.


def method(name: str) -> Callable[..., Any]:
    """A method that is PyTorch's `name`."""

    def answer(self: Any, *args: Any, **options: Any) -> Any:
        return self.by_torch(name, *args, **options)

    answer.__name__ = name
    return answer


def other_method(name: str) -> Callable[..., Any] | None:
    """PyTorch's own method `name`, to be dispatched: for what is not in METHODS."""
    if name in methods.IN_PLACE:
        return methods.IN_PLACE[name]
    if _in_place(name, METHODS):
        return lambda tensor, *args, **options: changed(
            tensor, tensor.by_torch(name[:-1], *args, **options), name
        )
    torch = sys.modules.get("torch")
    func = getattr(torch.Tensor, name, None) if torch is not None else None
    if not callable(func):
        return None
    return lambda *args, **options: dispatch(func, args, options)


def _in_place(name: str, table: Mapping[str, Any]) -> bool:
    """Whether this is a function of the table that changes its first argument: `relu_`."""
    return name.endswith("_") and name[:-1] in table


def changed(tensor: Any, new: Any, name: str) -> Any:
    """The tensor, which is `new` from now on: what PyTorch's `name` has made of it."""
    become = getattr(tensor, "become", None)
    if become is None or not is_ours(new):
        refuse(name if name.endswith("_") else f"{name}_")
    if name[:-1] not in shape.FUNCTIONS and new.shape != tensor.shape:
        raise ValueError(
            f"{name} can't put what has shape {tuple(new.shape)} into a tensor of shape "
            f"{tuple(tensor.shape)}"
        )
    become(new)
    return tensor


def refuse(name: str) -> NoReturn:
    """Says what to write instead of PyTorch's function or method `name`."""
    if name == "__setitem__":
        raise UnsupportedError(
            "writing a traced value into a torch tensor: use torch.where, torch.cat or torch.stack"
        )
    if name.endswith("_") and not name.endswith("__"):
        raise UnsupportedError(
            f"{name}(...) changes a tensor in place, and the backward pass needs it as it was: "
            f"write x = x.{name[:-1]}(...)"
        )
    if name in RANDOM:
        raise UnsupportedError(
            f"torch.{name} draws at random, so forward would differ from call to call: draw in "
            "inputs(), and list the name in data"
        )
    if said := instead_of(f"torch.{name}"):
        raise UnsupportedError(said)
    close = difflib.get_close_matches(name, sorted(FUNCTIONS), n=3)
    hint = f"close by: {', '.join(close)}" if close else "byhand.torch_dialect.names lists them"
    raise UnsupportedError(f"torch.{name} has no rule: write it with what has one ({hint})")


# Between torch's tensors, NumPy's arrays and ours.


def is_torch(x: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def is_ours(x: Any) -> bool:
    return hasattr(type(x), "by_torch")


def arrays(x: Any) -> Any:
    """`x` with an array in the place of every torch tensor in it.

    A float without axes becomes a Python float: like that one, it doesn't decide the precision.
    """
    return _replaced(x, is_torch, _array)


def _array(tensor: Any) -> Any:
    array: Array = tensor.numpy(force=True)
    return array if array.ndim or array.dtype.kind != "f" else array.item()


def values(x: Any) -> Any:
    """`x` with its array in the place of every tensor of ours in it."""
    return _replaced(x, is_ours, lambda tensor: tensor.value)


def as_torch(x: Any) -> Any:
    """`x` with a torch tensor in the place of every array in it."""
    return _replaced(x, lambda each: isinstance(each, np.ndarray | np.generic), _torch)


def _torch(array: Any) -> Any:
    return sys.modules["torch"].from_numpy(np.array(array))


def _by_pytorch(func: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **options: func(*as_torch(args), **as_torch(options))


def _tensors(x: Any) -> Any:
    """The tensors of ours in `x`, however nested."""
    for each in x:
        if is_ours(each):
            yield each
        elif isinstance(each, list | tuple):
            yield from _tensors(each)


def _replaced(x: Any, wanted: Callable[[Any], bool], new: Callable[[Any], Any]) -> Any:
    """`x` with `new(each)` for each that is `wanted`, in tuples, lists, slices and dicts too."""
    if wanted(x):
        return new(x)
    match x:
        case tuple() if hasattr(x, "_fields"):
            return type(x)(*(_replaced(each, wanted, new) for each in x))
        case tuple() | list():
            return type(x)(_replaced(each, wanted, new) for each in x)
        case dict():
            return {key: _replaced(each, wanted, new) for key, each in x.items()}
        case slice():
            ends = (x.start, x.stop, x.step)
            return slice(*(_replaced(each, wanted, new) for each in ends))
        case _:
            return x
