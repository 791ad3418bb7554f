"""Wrote into an array that something else still needs.

Two names can stand for one array. `dlogits = dnorm_logits` copies nothing: whatever is then
added to dlogits is added to dnorm_logits as well, and whoever reads that later reads something
else. The same goes for views: a slice, a transpose and a reshape share the memory of what they
were made from.

Bad:
    dlogits = dnorm_logits
    dlogits += (logits == logit_maxes) * dlogit_maxes
Good:
    dlogits = dnorm_logits.copy()
    dlogits += (logits == logit_maxes) * dlogit_maxes
"""

from __future__ import annotations

import ast

from byhand.checking.judging.evidence import GIVEN
from byhand.checking.judging.trial import Trial
from byhand.checking.naming.proving.finding import Diagnosis
from byhand.checking.naming.proving.suspect import Suspect
from byhand.checking.naming.proving.syntax import exchanged, reads
from byhand.checking.running.aliasing import harmful, writer
from byhand.checking.running.backward_run import Damage
from byhand.referees.referee import Key
from byhand.values import tree

_NEEDED = "which something else still needs"


def find(suspect: Suspect) -> Diagnosis | None:
    """Something that backward was given was changed before this definition read it."""
    trial = suspect.first.trial
    lines = {tree.root(damage.changed): damage.line for damage in reversed(trial.run.damages)}
    lines |= {f"d{write.name}": write.line for write in reversed(trial.run.writes)}
    for statement in suspect.promising:
        read: dict[str, list[ast.AST]] = {}
        for part in reads(statement):
            if isinstance(part, ast.Name) and part.id in trial.as_given:
                read.setdefault(part.id, []).append(part)
        for name, parts in read.items():
            line = lines.get(name)
            if line is None or line == statement.lineno:
                continue
            new: ast.stmt = statement
            for part in parts:
                new = exchanged(new, part, ast.Name(GIVEN + name, ast.Load()))
            if suspect.mended({statement: new}):
                said = f"this line changes {name}, which {suspect.d} still needs as it was"
                return Diagnosis(said + ": write to a copy", line)
    return None


def find_in_run(trial: Trial) -> dict[Key | None, Diagnosis]:
    """By the answer that the statement was writing; None where no gradient's row can say it: in
    code that can't be taken apart, or on the way to a returned dict."""
    found: dict[Key | None, Diagnosis] = {}
    beside: list[Damage] = []
    if trial.run.function is None and not trial.wrong:
        return found  # who reads what isn't known there, but all came right
    truth = trial.drawn.truth
    inputs = {step.name for step in truth.inputs}
    unpromised = trial.problem.unpromised
    free = frozenset[str]() if unpromised is None else unpromised.names
    for damage in harmful(trial.run, trial.answers, truth.bindings, inputs, free):
        key = writer(damage, trial.answers)
        if key is None:
            beside.append(damage)
            continue
        what = f"{damage.changed}, a value of the forward pass"
        if damage.changed.startswith("d") and damage.changed[1:] in truth:
            held = f"which held the gradient of {damage.changed[1:]}"
            what = f"{damage.changed}, {_NEEDED if damage.read else held}"
        message = f"this line also changes {what}: they share memory; write to a copy"
        found[key] = Diagnosis(message, damage.line)
    if beside:
        changed = dict.fromkeys(damage.changed for damage in beside)
        values = "a value" if len(changed) == 1 else "values"
        said = f"this changes {', '.join(changed)}, {values} of the forward pass: write to a copy"
        found[None] = Diagnosis(said, beside[0].line or None)
    return found
