"""Naming: for every wrong definition the mistake that was made there, as far as it is proved."""

from __future__ import annotations

import ast
import contextlib
import warnings
from collections.abc import Container, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from byhand.checking.judging.blame import Blame
from byhand.checking.judging.evidence import as_array
from byhand.checking.judging.kinks import KINK
from byhand.checking.judging.trial import Trial
from byhand.checking.naming.luck import why_it_holds
from byhand.checking.naming.mistakes import (
    aliased,
    hard_coded_size,
    unknown,
    used_too_early,
    ways_to,
)
from byhand.checking.naming.proving.at_fault import exchangeable, one_too_many, without
from byhand.checking.naming.proving.finding import KEPT, LITTLE, Diagnosis, Effort
from byhand.checking.naming.proving.odd import first_odd
from byhand.checking.naming.proving.odd_write import odd_write
from byhand.checking.naming.proving.ratio import ratio
from byhand.checking.naming.proving.shared import Shared, meant, shared
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.report import Mistake
from byhand.checking.running.backward_run import Raised
from byhand.checking.running.names import loaded_names, touched_names
from byhand.deadline import is_nearly_over
from byhand.referees.referee import Key

FEW = 6
"""Statements of a definition that are looked at in no particular order."""
MANY = 16
"""Statements that several definitions share, in all of which the usual mistakes are looked for."""


@dataclass(frozen=True)
class Named:
    """A mistake, and the line and the part of it where it stands, if that isn't the whole row."""

    mistake: Mistake
    line: int | None = None
    part: ast.AST | None = None


@dataclass(frozen=True)
class NamedMistakes:
    """The mistakes by name and binding; those that belong to no gradient; and why what holds on
    true gradients only does so.

    `beside` was seen in the run; `raised` in a trial at other sizes. `in_time`: nothing was left
    out for want of time.
    """

    mistakes: Mapping[Key, Named]
    beside: Named | None
    raised: tuple[Trial, Named] | None
    reasons: Mapping[Key, str]
    in_time: bool = True


@contextlib.contextmanager
def _silently() -> Generator[None]:
    with warnings.catch_warnings(action="ignore"):
        yield


@_silently()  # what is tried in the place of a line may warn
def name_mistakes(
    trials: Sequence[Trial], blame: Blame, *, roots: bool = True, effort: Effort | None = None
) -> NamedMistakes:
    """Names the mistakes of a backward; the first trial is the one whose results are reported.

    To name a root takes time; without the `roots` only those mistakes are named without which
    nothing would be wrong. `effort` is how long to look for them, if not as long as usual.
    """
    first = trials[0]
    found: dict[Key, Named] = {}
    nameless = set[Key]()
    search = _Search(effort or Effort())
    suspects = {key: Suspect(each, search.effort) for key, each in blame.roots.items() if roots}
    groups = [*shared({key: each for key, each in suspects.items() if _gave_arrays(each)})]
    with search.effort.all_but(LITTLE):
        for group in groups:
            if not {*group.keys} & {*found} and (named := search.shared(group)) is not None:
                found |= dict.fromkeys(group.keys, named)
        for key, suspect in suspects.items():
            if key not in found and (named := search.root(suspect)) is not None:
                found[key] = named
                nameless |= {key} if named.mistake.code == "unknown" else set()
    for group in groups:
        if {*group.keys} <= nameless and (named := _meant(group)) is not None:
            found |= dict.fromkeys(group.keys, named)
            nameless -= {*group.keys}  # of one slip, not of others in what fewer of them need
    for key, uneven in blame.uneven.items():
        asked = ((code, find(uneven)) for code, find in ways_to("find_at_ties"))
        code, finding = next((code, each) for code, each in asked if each is not None)
        found[key] = _named(code, finding)
    in_place = aliased.find_in_run(first)
    beside = in_place.pop(None, None)
    found |= {key: _named("aliased", finding) for key, finding in in_place.items() if key}
    at_fault = {*found, *blame.roots}
    innocent = first.wrong - at_fault
    unexplained = innocent - _reading(first, at_fault)
    for key, finding in used_too_early.find_in_run(first).items() if innocent else ():
        if key in unexplained or (key in innocent and used_too_early.matters(first, key)):
            found[key] = _named("used-too-early", finding)
    raised = hard_coded_size.find_raising(trials[1:])
    reasons = {
        key: why_it_holds(evidence)
        for key, evidence in blame.lucky.items()
        if key not in found and key in first.answers and key not in first.wrong
        if first.result(key).note != KINK
    }
    return NamedMistakes(
        found,
        None if beside is None else _named("aliased", beside),
        None if raised is None else (raised[0], _named("hard-coded-size", raised[1])),
        reasons,
        in_time=not (roots and nameless and is_nearly_over()),
    )


def _reading(trial: Trial, keys: Container[Key]) -> set[Key]:
    """The answers that read one of these, themselves or by way of others."""
    found: set[Key] = set()
    for _ in trial.answers.found:  # an array that is filled in a loop reads what is made of it
        more = {
            answer.key
            for answer in trial.answers.found
            if any(key in keys or key in found for key in answer.reads)
        }
        if more == found:
            break
        found = more
    return found


def _gave_arrays(suspect: Suspect) -> bool:
    return all(as_array(found.value) is not None for found in suspect.evidence)


def _meant(group: Shared) -> Named | None:
    """The local in what several roots share that isn't what all of them take it for, where no name
    explains what is wrong."""
    found = meant(group)
    if found is None:
        return None
    if found.holds is not None:
        message = (
            f"`{found.local}` is the gradient of {found.holds}, passed on for that of "
            f"{found.value} without the step's local derivative"
        )
        return _named("missing-local", Diagnosis(message, found.statement.lineno))
    odd = first_odd(group.suspect.first.trial, group.statements)
    own = (each for each in odd[:1] if touched_names(each).get(found.local) is not None)
    message = f"what reads `{found.local}` would be right if it were the gradient of {found.value}"
    return _named("unknown", Diagnosis(message, next(own, found.statement).lineno))


def _is_there(told: Named, odd: Sequence[ast.stmt], group: Shared) -> bool:
    """Whether the statement that is told of is odd, and so is what else makes what it reads."""
    there = [each for each in odd if each.lineno == told.line]
    read = {name for each in there for name, _ in loaded_names(each)}
    others = (each for each in group.statements if each not in odd)
    return bool(there) and not any(
        touched_names(each).get(name) is not None for each in others for name in read
    )


def _named(code: str, finding: Diagnosis) -> Named:
    return Named(Mistake(code, finding.message, finding.lacks), finding.line, finding.part)


@dataclass
class _Search:
    """Finds the mistakes of one backward, root by root.

    One slip in a local that several gradients need makes all of them wrong: so what explained one
    is tried first on the next.
    """

    effort: Effort
    earlier: list[tuple[str, Diagnosis]] = field(default_factory=list[tuple[str, Diagnosis]])

    def shared(self, group: Shared) -> Named | None:
        """The one mistake in what several roots share that makes all of them wrong, if it is
        proved; of few statements, also one without a name."""
        few = len(group.statements) <= FEW
        extra = one_too_many(group.suspect)  # first, as it takes the least time
        part = exchangeable(group.suspect) if extra is None else without(extra)
        odd = first_odd(group.suspect.first.trial, group.statements)
        named = told = None
        with self.effort.all_but(LITTLE):
            if extra is not None:
                named = self._within(group, (extra.statement,), ("find", "find_late"))
            if named is None:
                with self.effort.all_but(KEPT):
                    named = self._within(group, odd, ("find", "find_late", "find_last"))
            if named is None:
                told = _meant(group) if few else None
            only_there = extra is not None or (told is not None and _is_there(told, odd, group))
            if named is None and not only_there and len(group.statements) <= MANY:
                named = self._within(group, group.statements, ("find",))
            if named is None and not only_there and few:
                named = self._within(group, group.statements, ("find_late", "find_last"))
        if named is None and part is not None:
            return _named("unknown", part)
        return named or told

    def _within(
        self, group: Shared, only: tuple[ast.stmt, ...], questions: Iterable[str]
    ) -> Named | None:
        """The first mistake that is proved in these statements of what several roots share."""
        lines = {statement.lineno for statement in only}
        suspect = replace(group.suspect, only=only)
        for code, finding in self.findings(suspect, questions) if only else ():
            if finding.line in lines:  # a statement may have several
                line = getattr(finding.part, "lineno", finding.line)
                return _named(code, replace(finding, line=line))
        return None

    def root(self, alone: Suspect) -> Named | None:
        """The first mistake that is proved; None for a statement that raised or gave no floats: the
        row says what.

        Where it does so at other sizes alone, a size may be written as a number, or what is wrong
        at the default sizes is named.
        A definition that holds only on the true gradients is looked at on those, too.
        """
        evidence = alone.evidence
        if isinstance(alone.answer.value, Raised) or evidence[0].comparison.verdict == "error":
            return None
        coarse = unknown.too_coarse(alone)
        code, finding = ("unknown", coarse) if coarse is not None else self.nearest(alone)
        local = code == "missing-local"
        jumps = code == "unknown" and any(found.paths.between for found in evidence)
        if local or jumps:
            on_truth = Suspect(tuple(found.on_truth() for found in evidence), self.effort)
            # What is 0 in a real run needs no mask: then a number may be all that is wrong.
            known = local and ratio(on_truth) is None
            if not (known or all(found.right for found in on_truth.evidence)):
                again = self.first(on_truth)
                code, finding = again if again[0] != "unknown" else (code, finding)
        elsewhere = any(isinstance(found.value, Raised) for found in evidence)
        if elsewhere and evidence[0].right and code != "hard-coded-size":
            return None
        if code == "unknown":
            self.effort.in_vain.update(alone.statements)
        if finding.edits:
            self.earlier.append((code, finding))
        if finding.line is None and (odd := odd_write(alone)) is not None:
            finding = replace(finding, line=odd.line)
        return _named(code, finding)

    def nearest(self, definition: Suspect) -> tuple[str, Diagnosis]:
        """The first mistake that is proved; of a long definition, where a local first holds no
        gradient, if one is proved there."""
        if len(definition.statements) > FEW:
            trial = definition.first.trial
            odd = first_odd(trial, definition.doubtful)
            near = replace(definition, only=odd)
            code, finding = self.first(near) if odd else ("unknown", Diagnosis(""))
            if code != "unknown":
                return code, finding
        return self.first(definition)

    def first(self, definition: Suspect) -> tuple[str, Diagnosis]:
        for code, finding in self.earlier:
            own = {s: new for s, new in finding.edits.items() if s in definition.statements}
            if own and definition.mended(own):
                return code, finding
        few = ("find_last",) if definition.only else ()
        found = next(self.findings(definition, ("find", "find_late", *few)), None)
        return found or ("unknown", unknown.describe(definition))

    def findings(
        self, definition: Suspect, questions: Iterable[str]
    ) -> Iterator[tuple[str, Diagnosis]]:
        """What the mistakes find, in order."""
        for question in questions:
            for code, find in ways_to(question):
                finding = find(definition)
                if finding is not None:
                    yield code, finding
