"""The mistakes that byhand knows by name: one module each.

A module's docstring is its page (`byhand explain CODE`): a line that says what the mistake is, why
it happens, and a bad and a good piece of code. `find(suspect)` proves the mistake, or gives None.
Where several can be proved, the first in `ORDER` is named. Where none is, a module's
`find_late(suspect)` is asked: it leaves a number open, or tries what is less often the case.

To add one: write the module, put it in its place in `ORDER`, and add nothing else; the tests plant
the bad code of every page and expect its code.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from types import ModuleType

import numpy as np

from byhand.checking.judging.evidence import Evidence
from byhand.checking.naming.mistakes import (
    aliased,
    bessel,
    division_by_zero,
    double_path,
    factor,
    hard_coded_size,
    keepdims,
    label_index,
    mean_for_sum,
    missing_broadcast,
    missing_eps,
    missing_local,
    missing_path,
    missing_reduction,
    missing_upstream,
    over_reduced,
    overwritten,
    scatter,
    sign,
    softmax_diagonal,
    swapped,
    transposed,
    unknown,
    unnormalised,
    updated_too_early,
    used_too_early,
    wrong_axis,
    wrong_exponent,
    wrong_index,
    wrong_operand,
    wrong_upstream,
)
from byhand.checking.naming.proving.finding import Effort, Finding
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.report import Mistake
from byhand.checking.running.answers import Answer
from byhand.checking.running.backward_run import Raised

ORDER: tuple[ModuleType, ...] = (
    updated_too_early,
    aliased,
    used_too_early,
    division_by_zero,
    keepdims,
    missing_broadcast,
    missing_reduction,
    over_reduced,
    wrong_axis,
    transposed,
    scatter,
    label_index,
    hard_coded_size,
    overwritten,
    double_path,
    softmax_diagonal,
    missing_path,
    sign,
    bessel,
    mean_for_sum,
    unnormalised,
    missing_eps,
    wrong_exponent,
    swapped,
    wrong_index,
    wrong_operand,
    wrong_upstream,
    missing_upstream,
    missing_local,
    factor,
    unknown,
)


def code_of(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2].replace("_", "-")


CODES: dict[str, ModuleType] = {code_of(module): module for module in ORDER}


def page(code: str) -> str:
    """What `byhand explain CODE` prints."""
    return inspect.getdoc(CODES[code]) or ""


@dataclass
class Diagnosis:
    """Finds the mistakes of one backward, root by root.

    One slip in a local that several gradients need makes all of them wrong: so what explained one
    is tried first on the next.
    """

    earlier: list[tuple[str, Finding]] = field(default_factory=list[tuple[str, Finding]])
    effort: Effort = field(default_factory=Effort)

    def of(self, answer: Answer, evidence: tuple[Evidence, ...]) -> tuple[Mistake, Finding] | None:
        """The first mistake that is proved; None for a statement that raised for no known reason.

        A definition that holds only on the true gradients is looked at on those, too.
        """
        alone = Suspect(answer, evidence, self.effort)
        code, finding = self.first(alone)
        if code == "unknown" and any(found.between for found in evidence):
            on_truth = Suspect(answer, tuple(found.on_truth() for found in evidence), self.effort)
            if not all(found.right for found in on_truth.evidence):
                again = self.first(on_truth)
                code, finding = again if again[0] != "unknown" else (code, finding)
        if code == "unknown" and isinstance(answer.value, Raised):
            return None  # the row says what it raised
        if code == "unknown":
            self.effort.in_vain.update(alone.statements)
        if finding.edits:
            self.earlier.append((code, finding))
        return Mistake(code, finding.message), finding

    def first(self, definition: Suspect) -> tuple[str, Finding]:
        for code, finding in self.earlier:
            own = {s: new for s, new in finding.edits.items() if s in definition.statements}
            if own and definition.mended(own):
                return code, finding
        for code, module in CODES.items():
            finding = module.find(definition)
            if finding is not None:
                return code, finding
        for code, module in CODES.items():
            find_late = getattr(module, "find_late", None)
            finding = find_late(definition) if find_late is not None else None
            if finding is not None:
                return code, finding
        return "unknown", unknown.describe(definition)


def why_it_holds(evidence: tuple[Evidence, ...]) -> str:
    """A note on a definition that is right on the true gradients, but not on random ones."""
    found = next(each for each in evidence if not each.right)
    odd = Suspect(found.answer, (found,))
    if odd.follows(lambda e: np.zeros_like(e.expected.value)):
        reason = _reason(found, odd.name)
        if reason:
            return f"holds only because {odd.d} is zero: {reason}"
        return f"holds only because {odd.d} is zero, or its terms add up to zero, in a real run"
    for way, share in odd.ways.items():
        if odd.follows(lambda e, s=share: e.expected.value - s(e)):
            reason = _reason(found, way)
            if reason:
                return f"holds only because d{way}, which it leaves out, is zero: {reason}"
            return (
                f"holds only because what comes back through {way}, which it leaves out, is zero "
                "or adds up to zero in a real run"
            )
    return "holds only because something is zero, or adds up to zero, in a real run"


def _reason(evidence: Evidence, name: str) -> str:
    """Why this gradient is zero, if the deriver finds it."""
    from byhand.deriving.zero import why_zero  # only here: most checks need no derivation

    trial = evidence.trial
    return why_zero(trial.problem, trial.drawn.inputs, name)
