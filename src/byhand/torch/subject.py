# pyright: basic
"""What is to be checked: a Function, a custom op or any function of tensors, seen as one thing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch

from byhand.errors import ProblemError
from byhand.kernels.frameworks.pytorch import run_of
from byhand.kernels.kernel import Run
from byhand.program.functions import file_of, name_of
from byhand.sources.autograd_functions.problem import arguments_of
from byhand.sources.autograd_functions.written import Methods, methods
from byhand.torch.launches import launches


@dataclass(frozen=True, eq=False)
class Subject:
    """Something with a hand-written backward.

    `call` is what a user calls, on tensors that require gradients. `python` is what it is written
    in, where forward and backward are Python that can be read; else `opaque` says why not.
    `names` gives the names of its arguments, where there are that many; `defaults` those that may
    be left out. `forward(ctx, *arguments)` runs forward alone, and leaves in a ctx what it keeps.
    `launches` names a Triton kernel that it launches: then only the whole is ever run.
    `parameters` are a module's own, which its call takes after its arguments.
    `sees_arguments_alone`: PyTorch gives no gradient to tensors inside its lists, as of a Function.
    `has_jvp`: it has a hand-written derivative for forward mode, too.
    `takes` says of each output whether a gradient is sent back to it; None: wherever it takes one.
    """

    name: str
    file: str
    call: Callable[..., Any]
    names: Callable[[int], tuple[str, ...]]
    defaults: dict[str, Any]
    python: Methods | None = None
    opaque: str = ""
    forward: Callable[..., Any] | None = None
    launches: str = ""
    parameters: Mapping[str, torch.Tensor] = field(default_factory=dict)
    sees_arguments_alone: bool = False
    has_jvp: bool = False
    takes: tuple[bool, ...] | None = None

    @cached_property
    def run(self) -> Run:
        """Forward and back on arguments by name, in order."""
        run, takes = run_of(lambda inputs: self.call(*inputs.values())), self.takes
        if takes is None:
            return run
        return lambda inputs, upstream, needs: replace(run(inputs, upstream, needs), takes=takes)

    def unanswered(self, arguments: Sequence[str]) -> list[str]:
        """The arguments of which backward returns None wherever it returns."""
        return [] if self.python is None else self.python.unanswered(arguments)


def subject_of(fn: Any) -> Subject:
    """What `fn` is. Raises ProblemError for what can't be checked."""
    if inspect.isclass(fn) and issubclass(fn, torch.autograd.Function):
        jvp = fn.jvp is not torch.autograd.Function.jvp
        subject = replace(_function(fn), sees_arguments_alone=True, has_jvp=jvp)
        return replace(subject, launches=launches(fn))
    if hasattr(fn, "_opoverload") and hasattr(fn, "_init_fn"):
        return _custom_op(fn)
    if isinstance(fn, torch.nn.Module):
        return replace(_module(fn), launches=launches(*(type(each) for each in fn.modules())))
    if inspect.isclass(fn):
        raise ProblemError(
            f"{fn.__name__} is a class, but no torch.autograd.Function: give what it makes, "
            f"such as {fn.__name__}(...)"
        )
    if callable(fn):
        return replace(_callable(fn), launches=launches(fn))
    raise ProblemError(
        f"{fn!r} can't be checked: give a torch.autograd.Function, a custom op or a function"
    )


def _function(fn: Any) -> Subject:
    base = torch.autograd.Function
    for method in ("forward", "backward"):
        if getattr(fn, method) is getattr(base, method) and fn.vjp is base.vjp:
            raise ProblemError(f"{fn.__name__} has no {method}: there is nothing to check")
    setup = None if fn.setup_context is base.setup_context else fn.setup_context
    ctx = setup is None
    python, opaque = _python(fn.__name__, fn.forward, fn.backward, setup, ctx=ctx)
    signature = inspect.signature(inspect.unwrap(fn.forward))
    return Subject(
        fn.__name__,
        file_of(fn.forward),
        fn.apply,
        _names(python, list(signature.parameters.values())[ctx:]),
        _defaults(signature),
        python,
        opaque,
        fn.forward if setup is None else _set_up(fn.forward, setup, signature),
    )


def _set_up(forward: Any, setup: Any, signature: inspect.Signature) -> Callable[..., Any]:
    """A forward without a ctx, and then its setup_context."""

    def run(ctx: Any, *arguments: Any) -> Any:
        bound = signature.bind(*arguments)
        bound.apply_defaults()
        output = forward(*bound.args)
        if setup is not None:
            setup(ctx, tuple(bound.arguments.values()), output)
        return output

    return run


def _custom_op(op: Any) -> Subject:
    """What `torch.library.custom_op` made, with the backward of its `register_autograd`."""
    name = op._name
    if op._backward_fn is None:
        raise ProblemError(
            f"{name} has no backward: give it one by {name}.register_autograd(backward, "
            "setup_context=...)"
        )
    python, opaque = _python(name, op._init_fn, op._backward_fn, op._setup_context_fn, ctx=False)
    signature = inspect.signature(op._init_fn)
    return Subject(
        name,
        file_of(op._init_fn),
        op,
        _names(python, list(signature.parameters.values())),
        _defaults(signature),
        python,
        opaque,
        _set_up(op._init_fn, op._setup_context_fn, signature),
        launches(op._init_fn, op._backward_fn),
    )


def _callable(fn: Any) -> Subject:
    try:
        signature = inspect.signature(fn)
    except (TypeError, ValueError):
        raise ProblemError(
            f"the arguments of {name_of(fn)} can't be read: wrap it in a `def` that names them"
        ) from None
    spread = Spread(signature)

    def call(*given: Any) -> Any:
        arguments, options = spread(given)
        return _in_order(fn(*arguments, **options))

    names = _names(None, spread.named)
    return Subject(name_of(fn), file_of(fn), call, names, _defaults(signature))


class Spread:
    """Arguments in order as a signature takes them: those after a * by name."""

    def __init__(self, signature: inspect.Signature) -> None:
        named = [*signature.parameters.values()]
        self.by_name = [p.name for p in named if p.kind is p.KEYWORD_ONLY]
        if any(p.kind is p.VAR_POSITIONAL for p in named):
            self.by_name = []  # which stay as they are
            named = [p for p in named if p.kind is not p.KEYWORD_ONLY]
        self.named = named
        self.count = None if not self.by_name else len(named) - len(self.by_name)

    def __call__(self, given: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        rest = () if self.count is None else given[self.count :]
        return tuple(given[: self.count]), dict(zip(self.by_name, rest, strict=False))


def _in_order(returned: Any) -> Any:
    """What a function returns in a dict, as a tuple."""
    return tuple(returned.values()) if isinstance(returned, dict) else returned


def _module(module: torch.nn.Module) -> Subject:
    """A module, whose parameters are inputs of their own: `lin.weight` is called `lin_weight`."""
    held = dict(module.named_parameters())
    inside, spread = _callable(module.forward), Spread(inspect.signature(module.forward))

    def call(*given: Any) -> Any:
        count = len(given) - len(held)
        changed = dict(zip(held, given[count:], strict=True))
        return _in_order(torch.func.functional_call(module, changed, *spread(given[:count])))

    parameters = {name.replace(".", "_"): value.detach() for name, value in held.items()}
    return replace(inside, name=name_of(module), call=call, parameters=parameters)


def _python(
    name: str, forward: Any, backward: Any, setup: Any, *, ctx: bool
) -> tuple[Methods | None, str]:
    try:
        return methods(name, forward, backward, setup, ctx=ctx), ""
    except ProblemError as error:
        return None, str(error)


def _names(
    python: Methods | None, given: Sequence[inspect.Parameter]
) -> Callable[[int], tuple[str, ...]]:
    def names(count: int) -> tuple[str, ...]:
        if python is not None:
            return arguments_of(python, count)
        found: list[str] = []
        for parameter in given:
            if parameter.kind is parameter.VAR_POSITIONAL:
                found += [f"{parameter.name}_{i}" for i in range(count - len(found))]
            elif parameter.kind is not parameter.VAR_KEYWORD:
                found.append(parameter.name)
        return tuple(found)

    return names


def _defaults(signature: inspect.Signature) -> dict[str, Any]:
    return {
        name: p.default
        for name, p in signature.parameters.items()
        if p.default is not inspect.Parameter.empty
    }
