"""A Function as a problem: its forward and backward share a `ctx`.

What forward leaves in `ctx` becomes locals of forward that backward asks for; what backward returns
belongs to forward's arguments, by place. A forward that takes no `ctx` is followed by what
`setup_context` does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from byhand.program.problem import Inputs, Problem
from byhand.sources.assemble import assembled
from byhand.sources.autograd_functions.backward import FunctionBackward
from byhand.sources.autograd_functions.ctx import HELD, NEEDS, Held
from byhand.sources.autograd_functions.forward import KEEP, REFERENCE, FunctionForward
from byhand.sources.autograd_functions.written import Methods, Written
from byhand.sources.intermediates import others, promising, without


def arguments_of(said: Methods, count: int) -> tuple[str, ...]:
    """What forward's arguments are called, where it is given `count`: those of a `*args` by
    place."""
    forward = said.forward
    names = [arg.arg for arg in (*forward.args.posonlyargs, *forward.args.args)][said.ctx :]
    if forward.args.vararg is not None:
        rest = forward.args.vararg.arg
        names += [f"{rest}_{i}" for i in range(count - len(names))]
    return tuple(names)


def problem_of_function(
    said: Written,
    draw: Callable[..., Inputs],
    *,
    arguments: Sequence[str],
    defaults: Mapping[str, Any],
    tensors: Collection[str],
    takes: Sequence[bool],
    asked: Collection[str],
    dimensions: Mapping[str, int],
    reference: Callable[..., Any] | None = None,
    keep: Callable[..., Any] | None = None,
    library: str = "",
) -> Problem:
    """A Function as a problem.

    `arguments` are forward's, in order, but for those that stay at their `defaults`; `tensors`
    those that are tensors, `asked` those whose gradient is asked for. `takes` says of each output
    whether a gradient is sent back to it.
    `draw` gives all arguments by name.

    With a `reference`, a function of the same arguments, what that computes is taken for forward's
    steps in the place of its own; `keep(names, arguments)` then gives what the real forward leaves
    in ctx under these names.

    Raises ProblemError where its statements can't be taken for those of a problem: then it is to be
    judged by its outputs.
    """
    left = {name: value for name, value in defaults.items() if name not in arguments}
    forward = FunctionForward(said, arguments, [*left], tensors, takes)
    followed = forward.made() if reference is None else None
    read = FunctionBackward(said, forward, arguments, asked)
    backward, answered = read.made()
    made = followed or forward.referred([arg.arg for arg in backward.args.args])
    backward = without(backward, [f"d{name}" for name in arguments if name not in asked])

    def given(rng: Any, **sizes: int) -> Inputs:
        values = draw(rng, **sizes)
        functions = {REFERENCE: reference, KEEP: keep}
        held = left | functions | {name: values[name] for name in arguments if name not in tensors}
        needed = tuple(name in asked for name in arguments)
        return {
            **{name: values[name] for name in arguments if name in tensors},
            HELD: Held(held),
            forward.local(NEEDS): needed,
        }

    def problem(definition: ast.FunctionDef) -> Problem:
        found = assembled(
            name=said.name,
            file=said.file,
            forward=made,
            backward=definition,
            namespace=said.namespace,
            draw=given,
            dimensions=dimensions,
            data=[name for name in arguments if name in tensors and name not in asked],
            kept=forward.kept,
            inner=True,
            library=library,
        )
        return replace(found, called={**forward.called, **read.called})

    if followed is None:
        return problem(without(backward, others(backward, answered)))
    incoming = [f"d{n}" for n, sent in zip(forward.outputs, takes, strict=True) if sent]
    return promising(problem, backward, answered, incoming)
