"""`byhand derive --as`: a derived backward as an object of a library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from byhand.codegen.recording import record
from byhand.codegen.torch_words import PyTorch
from byhand.deriving.derivation import Derivation
from byhand.deriving.derive import derive
from byhand.deriving.steps.context import context_of
from byhand.deriving.wrapped.autograd_function import autograd_function, class_name
from byhand.deriving.wrapped.parts import Parts, own_text, parts_of
from byhand.deriving.wrapped.prove import as_tensors, prove
from byhand.deriving.wrapped.restated import restated
from byhand.errors import UnsupportedError
from byhand.program.problem import Problem


def as_function(problem: Problem, names: Sequence[str] | None = None) -> str:
    """The closed form as a `torch.autograd.Function`, as text.

    `names` are the inputs that get a gradient: every float input that isn't data, unless told
    otherwise. It was run, and gave what PyTorch's autograd gives for forward, at other sizes too.
    Raises UnsupportedError if forward can't be written so.
    """
    _needs("torch", "byhand[torch]")
    derivation, parts = _in_torch(problem, names)
    source = autograd_function(parts)
    wanted = [name for name, d in zip(parts.arguments, parts.gradients, strict=True) if d]

    def run(inputs: Mapping[str, Any], upstream: Sequence[Any]) -> Any:
        import torch

        given = as_tensors(inputs, wanted)
        namespace: dict[str, Any] = {}
        exec(compile(source, "<derived>", "exec"), namespace)
        function = namespace[class_name(problem.name)]
        taken = [given.get(name, problem.forward.defaults.get(name)) for name in parts.arguments]
        returned = function.apply(*taken)
        outputs: list[Any] = [*returned] if isinstance(returned, tuple) else [returned]
        gradients = torch.autograd.grad(
            outputs, [given[n] for n in wanted], [torch.as_tensor(g) for g in upstream]
        )
        return outputs, dict(zip(wanted, gradients, strict=True))

    prove(problem, run, wanted, derivation.fixed_sizes)
    return source


def _in_torch(problem: Problem, names: Sequence[str] | None) -> tuple[Derivation, Parts]:
    """The closed form in PyTorch, and its parts; a NumPy forward is restated."""
    derivation = derive(problem, names=names, dialect="torch", closed=True)
    recording = record(problem, problem.inputs())
    if recording.program.in_torch:
        forward, returned = own_text(problem)
    else:
        context = context_of(recording, PyTorch(), recording.program.inputs)
        forward, returned = restated(context, derivation)
    return derivation, parts_of(problem, recording.program, derivation, forward, returned)


def _needs(module: str, package: str) -> None:
    if find_spec(module) is None:
        raise UnsupportedError(f'what is written is run first: pip install "{package}"')
