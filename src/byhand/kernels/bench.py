"""Where a kernel is tried: calls of it, each with what it got, what it gave and what is true."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from byhand.checking.judging.compare import Comparison
from byhand.errors import in_one_line
from byhand.kernels.case import Case, Name
from byhand.kernels.judge import Judgement, judged
from byhand.kernels.kernel import Inputs, Kernel, Ran, Run, Upstream
from byhand.kernels.options import Options
from byhand.values.precision import eps_of


@dataclass(frozen=True, eq=False)
class Attempt:
    """One call of a kernel on a case: what it gave, or what it raised and where.

    `overwritten` are the inputs that hold something else after it than before, and "upstream".
    `seconds` is how long it took.
    """

    case: Case
    needs: tuple[str, ...]
    ran: Ran | None
    raised: str = ""
    stage: Literal["forward", "backward"] = "backward"
    overwritten: tuple[str, ...] = ()
    seconds: float = 0.0

    @cached_property
    def judgement(self) -> Judgement:
        """Raises what the reference raises."""
        if self.ran is None:
            return Judgement({}, {})
        return judged(self.case, self.ran, self.needs)

    @property
    def wrong(self) -> Mapping[Name, Comparison]:
        return self.judgement.wrong


@dataclass(frozen=True, eq=False)
class Bench:
    """A kernel, and the options with which it is tried."""

    kernel: Kernel
    options: Options

    @cached_property
    def first(self) -> Attempt:
        """The plain comparison: usual sizes and layouts, a random upstream.

        It computes in the type that was asked for, or in the narrowest of the inputs. A kernel that
        makes float32 of float64 itself is seen to, and judged so, and one that makes float8 of
        anything, in which nothing is handed over; what is narrower else is no excuse.
        Raises what `make` raises, or the kernel's forward.
        """
        inputs, framework = self.made(self.kernel.sizes), self.kernel.framework
        kinds = filter(None, map(framework.float_type, filter(framework.is_array, inputs.values())))
        kind = self.options.dtype or max(kinds, key=eps_of, default="float64")
        case = Case(self.kernel, inputs, self._sent(inputs), kind, self.needs, self.options.seed)
        attempt = self.attempt(case)
        if framework.watched is None or not attempt.wrong:
            return attempt
        with framework.watched() as computed:
            self.attempt(case)
        narrow = [each for _, each in computed if each.startswith("float8")]
        narrow += ["float32" for _, each in computed if (kind, each) == ("float64", "float32")]
        return replace(attempt, case=replace(case, dtype=narrow[0])) if narrow else attempt

    @property
    def usual(self) -> Case:
        return self.first.case

    @property
    def needs(self) -> tuple[str, ...]:
        wanted = self.options.needs
        return self.kernel.differentiable if wanted is None else tuple(wanted)

    def made(self, sizes: Mapping[str, int]) -> Inputs:
        """Inputs of these sizes, in the type that was asked for. Raises what `make` raises."""
        rng = np.random.default_rng([self.options.seed, 0])
        inputs = self.kernel.make(rng, sizes)
        kind = self.options.dtype
        if kind is None:
            return dict(inputs)
        stored = "float32" if kind == "tf32" else kind
        return {name: self._cast(value, stored) for name, value in inputs.items()}

    def case(self, inputs: Inputs, upstream: Upstream | None = None) -> Case:
        """A case of other inputs, with a random upstream or this. Raises what forward raises."""
        sent = self._sent(inputs) if upstream is None else upstream
        return replace(self.usual, inputs=inputs, upstream=sent)

    def _sent(self, inputs: Inputs) -> Upstream:
        """A random upstream for each output that takes one. Raises what forward raises."""
        return self._sent_to(self.kernel.run(self.copied(inputs), None, self.needs))

    def _sent_to(self, forward: Ran) -> Upstream:
        framework = self.kernel.framework
        rng = np.random.default_rng([self.options.seed, 1])
        return [
            framework.like(rng.standard_normal(self.shape(output)), output) if takes else None
            for output, takes in zip(forward.outputs, forward.takes, strict=True)
        ]

    def attempt(
        self,
        case: Case,
        *,
        inputs: Inputs | None = None,
        upstream: Upstream | None = None,
        needs: Collection[str] | None = None,
        within: Callable[[], AbstractContextManager[object]] = nullcontext,
        run: Run | None = None,
    ) -> Attempt:
        """Calls the kernel on a case: on copies, or on these `inputs` and this `upstream`, which
        are laid out in another way. `needs` are those of the case, or some of them. `run` is what
        is called in its place."""
        given = {**self.copied(case.inputs), **(inputs or {})}
        sent = [*map(self.copy, case.upstream)] if upstream is None else upstream
        asked = case.needs if needs is None else tuple(n for n in case.needs if n in needs)
        start = time.perf_counter()
        try:
            with within(), np.errstate(all="ignore"):
                ran = (run or self.kernel.run)(given, sent, asked)
        except Exception as error:
            said = in_one_line(error)
            return Attempt(case, asked, None, said, self._stage(case, inputs or {}, asked))
        seconds = time.perf_counter() - start
        changed = [name for name, value in given.items() if self.differs(value, case.inputs[name])]
        if any(map(self.differs, sent, case.upstream)):
            changed.append("upstream")
        return Attempt(case, asked, ran, overwritten=tuple(changed), seconds=seconds)

    def other(self, inputs: Inputs) -> Attempt | None:
        """Calls the kernel on other inputs; None where the reference doesn't take them, or
        memory isn't large enough."""
        given, start = self.copied(inputs), time.perf_counter()
        try:
            forward = self.kernel.run(given, None, self.needs)
            case = self.case(inputs, self._sent_to(forward))
        except Exception as error:
            case = self.case(inputs, [])
            if not case.forward_is_known:
                return None
            return Attempt(case, case.needs, None, in_one_line(error), "forward")
        attempt = self._on_from(case, given, forward, start)
        full = attempt.raised.startswith(("MemoryError", "OutOfMemoryError"))
        return attempt if case.is_known and not full else None

    def _on_from(self, case: Case, given: Inputs, forward: Ran, start: float) -> Attempt:
        """The attempt that goes back from a forward that was run already, if it can."""
        back = forward.again
        if back is None:
            return self.attempt(case)

        def on(inputs: Inputs, upstream: Upstream | None, needs: Collection[str]) -> Ran:
            return replace(forward, gradients=back(upstream or []))

        attempt = self.attempt(case, inputs=given, run=on)
        return replace(attempt, seconds=time.perf_counter() - start)

    def copied(self, inputs: Inputs) -> dict[str, Any]:
        return {name: self.copy(value) for name, value in inputs.items()}

    def shape(self, array: Any) -> tuple[int, ...]:
        return tuple(np.shape(array))

    def _stage(
        self, case: Case, inputs: Inputs, needs: Collection[str]
    ) -> Literal["forward", "backward"]:
        """Where a call raises, that raised somewhere."""
        try:
            self.kernel.run({**self.copied(case.inputs), **inputs}, None, needs)
        except Exception:
            return "forward"
        return "backward"

    def copy(self, value: Any) -> Any:
        return self.kernel.framework.copy(value)

    def _cast(self, value: Any, kind: str) -> Any:
        framework = self.kernel.framework
        return framework.cast(value, kind) if framework.is_array(value) else value

    def differs(self, value: Any, before: Any) -> bool:
        framework = self.kernel.framework
        if not framework.is_array(before):
            return False
        now, then = framework.numpy(value), framework.numpy(before)
        floats = now.dtype.kind == "f"
        return not (np.array_equal(now, then) or np.array_equal(now, then, equal_nan=floats))
