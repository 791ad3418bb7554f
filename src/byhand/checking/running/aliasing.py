"""Changes in place that leave something wrong behind, and the answers that were being written."""

from __future__ import annotations

import ast
from collections.abc import Container

from byhand.checking.running.answers import Answers
from byhand.checking.running.backward_run import BackwardRun, Damage
from byhand.checking.running.names import loaded_names
from byhand.program.scopes import root_name
from byhand.referees.referee import Key
from byhand.values import tree


def harmful(
    run: BackwardRun,
    answers: Answers,
    steps: Container[str],
    inputs: Container[str],
    unpromised: Container[str] = (),
) -> list[Damage]:
    """The changes in place that leave something wrong behind.

    Changing what backward was given does where something reads it later as if it were what it was:
    by its own name, though it was changed by another one. So does changing another answer, to one
    of `steps`, unless that is written anew afterwards and nothing reads it in between. Where
    nothing reads it any more, it may go on as a local of the user's own (`dz = dh; dz *= h > 0`),
    or as any, if it is `unpromised` or backward returns others: but for what is asked for, the
    gradients of `inputs`.
    """
    return [
        damage for damage in run.damages if _lasts(damage, run, answers, steps, inputs, unpromised)
    ]


def harmless(run: BackwardRun, steps: Container[str]) -> list[Damage]:
    """The changes of what backward was given that nothing reads any more as it was."""
    return [
        damage
        for damage in run.damages
        if tree.root(damage.changed) in run.given and not _spoils(damage, run, steps)
    ]


def writer(damage: Damage, answers: Answers) -> Key | None:
    """The answer that a statement was writing, or else the next one that reads what it changed."""
    for answer in answers.found:
        if any(write.number == damage.number for write in answer.writes):
            return answer.key
    for answer in answers.found:
        for write in answer.writes:
            reads = {name for name, _ in loaded_names(write.node)}
            if write.number > damage.number and damage.changed in reads:
                return answer.key
    return None


def _is_upstream(damage: Damage, given: Container[str], steps: Container[str]) -> bool:
    return damage.changed in given and damage.changed[1:] in steps


def _is_update(damage: Damage, run: BackwardRun) -> bool:
    """Whether this is `W -= rate * dW`, or `w -= rate * dw` in a loop over both."""
    nodes = run.function.nodes if run.function else ()
    loops = {
        part.id
        for node in nodes
        if isinstance(node, ast.For)
        for part in ast.walk(node.target)
        if isinstance(part, ast.Name)
    }
    own = tree.root(damage.changed)
    for node in nodes:
        match node:
            case ast.AugAssign(op=ast.Sub(), lineno=line) if line == damage.line:
                target, reads = root_name(node.target), {name for name, _ in loaded_names(node)}
                if target == own:
                    return f"d{own}" in reads
                return (
                    isinstance(node.target, ast.Name) and target in loops and len(loops & reads) > 0
                )
            case _:
                pass
    return False


def _read_later(damage: Damage, run: BackwardRun) -> bool:
    """Whether a statement reads what was changed after that, or in another round of a loop."""
    for node in run.function.nodes if run.function is not None else ():
        if isinstance(node, (ast.For, ast.While)):
            around = node.lineno <= damage.line <= (node.end_lineno or node.lineno)
            again = node.body if around else []
        elif isinstance(node, ast.stmt) and not isinstance(node, (ast.If, ast.With, ast.Try)):
            later = node.lineno > damage.line and not isinstance(node, ast.Return)
            again = [node] if later else []
        else:
            continue
        if any(_reads(each, damage.changed) for each in again):
            return True
    return run.function is None


def _reads(node: ast.stmt, changed: str) -> bool:
    """Whether a statement may read a value, such as `self.W`: not where it reads only `self.b`."""
    root, path = tree.parsed(changed)
    if not path:
        return root in dict(loaded_names(node))
    seen: set[ast.expr] = set()  # parts of what was looked at, which comes first
    for part in ast.walk(node):
        match part:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name == root:
                return True  # a method of it may
            case ast.Attribute(value=held) | ast.Subscript(value=held):
                seen.add(held)
                if part not in seen and root_name(part) == root and _overlap(part, path):
                    return True
            case ast.Name(id=name) if name == root and part not in seen:
                return True
            case _:
                pass
    return False


def _overlap(part: ast.expr, path: tree.Path) -> bool:
    """Whether one of two parts of a container is in the other; also where that isn't known."""
    try:
        _, here = tree.parsed(ast.unparse(part))
    except ValueError:
        return True
    return all(a == b for a, b in zip(here, path, strict=False))


def _spoils(damage: Damage, run: BackwardRun, steps: Container[str]) -> bool:
    """Whether the change of something that was given is a mistake."""
    if _is_upstream(damage, run.given, steps) or _is_update(damage, run):
        return _read_later(damage, run)
    return damage.by != tree.root(damage.changed) and _read_later(damage, run)


def _lasts(
    damage: Damage,
    run: BackwardRun,
    answers: Answers,
    steps: Container[str],
    inputs: Container[str],
    unpromised: Container[str],
) -> bool:
    name = damage.changed[1:]
    if tree.root(damage.changed) in run.given:
        return _spoils(damage, run, steps)
    if name not in steps:
        return False  # a local of the user's own
    if not damage.read and name not in inputs:
        returned = _returned(run)
        of_a_step = damage.by.startswith("d") and damage.by[1:] in steps
        goes_on = damage.changed in unpromised or not of_a_step or bool(returned)
        if goes_on and damage.changed not in returned:
            return False
    for answer in answers.found:
        for write in answer.writes:
            if write.number > damage.number:
                if any(read.key[0] == name for read in answers.read_by(answer, write)):
                    return True
                if write.name == name and write.fresh:
                    return False
    return True


def _returned(run: BackwardRun) -> frozenset[str]:
    """The gradients that backward returns, as far as its text names them: `dx`."""
    nodes = () if run.function is None else run.function.nodes
    returns = (node for node in nodes if isinstance(node, ast.Return))
    found = (name for node in returns for name, _ in loaded_names(node))
    return frozenset(found) | {f"d{name}" for name in run.returned}
