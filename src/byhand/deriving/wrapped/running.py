# pyright: basic
"""A Function that was written is run: here, or with its kernels in Triton's interpreter.

Triton decides when it is loaded whether its kernels are interpreted, and for good; so that is a
process of its own, which is sent inputs and sends back what came out.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from byhand.deriving.wrapped.prove import Run
from byhand.errors import UnsupportedError, in_one_line
from byhand.values.arrays import as_torch, is_array


@dataclass(frozen=True)
class FunctionText:
    """The text of a module and the name of the Function in it, with what it is called.

    `wanted` are the arguments whose gradient is asked for.
    """

    source: str
    name: str
    arguments: tuple[str, ...]
    wanted: tuple[str, ...]

    def here(self, file: str = "<derived>") -> Run:
        """What runs it in this process."""
        namespace: dict[str, Any] = {}
        exec(compile(self.source, file, "exec"), namespace)

        def run(inputs: Mapping[str, Any], upstream: Sequence[Any]) -> Any:
            import torch

            given: dict[str, Any] = {}
            for name, value in inputs.items():
                given[name] = as_torch(value) if is_array(value) else value
                if name in self.wanted:
                    given[name] = given[name].detach().clone().requires_grad_()
            returned = namespace[self.name].apply(*[given[name] for name in self.arguments])
            outputs = returned if isinstance(returned, tuple) else (returned,)
            leaves = [given[name] for name in self.wanted]
            found = torch.autograd.grad(outputs, leaves, [torch.as_tensor(g) for g in upstream])
            return [o.detach() for o in outputs], dict(zip(self.wanted, found, strict=True))

        return run

    def in_jax(self) -> Run:
        """What runs a custom_vjp, in float64; and traces it, as a compiler would."""
        jax: Any = import_module("jax")
        arrays: Any = import_module("byhand.jax_dialect.arrays")
        namespace: dict[str, Any] = {}
        exec(compile(self.source, "<derived>", "exec"), namespace)

        def run(inputs: Mapping[str, Any], upstream: Sequence[Any]) -> Any:
            with arrays.float64():
                given = arrays.in_jax(dict(inputs))
                leaves = [given[name] for name in self.wanted]

                def outputs(*values: Any) -> Any:
                    taken = {**given, **dict(zip(self.wanted, values, strict=True))}
                    return namespace[self.name](*[taken[name] for name in self.arguments])

                def gradients(*values: Any) -> Any:
                    returned, back = jax.vjp(outputs, *values)
                    seeds = arrays.in_jax(tuple(upstream))
                    return returned, back(seeds if isinstance(returned, tuple) else seeds[0])

                jax.make_jaxpr(gradients)(*leaves)
                returned, found = gradients(*leaves)
            each = returned if isinstance(returned, tuple) else (returned,)
            return each, dict(zip(self.wanted, found, strict=True))

        return run

    @contextmanager
    def interpreted(self) -> Iterator[Run]:
        """What runs it in a process in which Triton interprets kernels."""
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TRITON_INTERPRET": "1"},
        )
        into, out = process.stdin, process.stdout
        assert into is not None and out is not None

        def ask(*said: Any) -> Any:
            try:
                pickle.dump(said, into)
                into.flush()
                found = pickle.load(out)
            except (EOFError, BrokenPipeError):
                raise UnsupportedError("Triton's interpreter ended without a word") from None
            if isinstance(found, str):
                raise UnsupportedError(found)
            return found

        try:
            ask(self)
            yield lambda inputs, upstream: ask(dict(inputs), list(upstream))
        finally:
            process.kill()
            process.communicate()


def serve() -> None:
    """Answers on standard output what is asked on standard input."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "kernels.py"  # Triton reads a kernel's text from its file
        run: Run | None = None
        while True:
            try:
                said = pickle.load(sys.stdin.buffer)
            except EOFError:
                return
            try:
                if run is None:
                    file.write_text(said[0].source, encoding="utf-8")
                    run, found = said[0].here(str(file)), True
                else:
                    found = run(*said)
            except Exception as error:
                found = f"it raises {in_one_line(error)}"
            pickle.dump(found, sys.stdout.buffer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve()
