"""Statements that change a parameter by a number of times a gradient: `W -= lr * dW`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

RATE = re.compile(r"^(lr|learn(ing)?_?rate|l_rate|alpha|eta|rate|step_?size)$", re.I)


@dataclass(frozen=True, eq=False)
class Update:
    """A parameter, `W` or `self.W`, by its name, what it is changed by, the rate that this is
    multiplied with, and whether it goes up."""

    name: str
    gradient: ast.expr
    rate: str
    up: bool


def update_of(node: ast.AST) -> Update | None:
    """`W -= lr * g`, `self.W = self.W + g * 0.1`."""
    match node:
        case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as op, value=value):
            pass
        case ast.Assign(
            targets=[target], value=ast.BinOp(left=old, op=ast.Add() | ast.Sub() as op, right=value)
        ) if ast.unparse(old) == ast.unparse(target):
            pass
        case _:
            return None
    match target:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self"), attr=name):
            pass
        case _:
            return None
    if isinstance(value, ast.Constant):
        return None
    gradient, rate, turned = _without_rate(value)
    return Update(name, gradient, rate, isinstance(op, ast.Add) is not turned)


def sign_of(steps: Iterable[Update]) -> str | None:
    """The sign of the loss whose gradients these would be: "-" where most go up, "" where most go
    down; None where it isn't known."""
    ups = [step.up for step in steps]
    up, down = ups.count(True), ups.count(False)
    return None if up == down else "-" if up > down else ""


def goes_up(tree: ast.AST) -> bool:
    """Whether steps are added in a file, `params["W"] += lr * grads["W"]`, and none subtracted:
    then its gradients are those of a loss with a minus."""
    ups = [up for node in ast.walk(tree) if (up := _direction(node)) is not None]
    return bool(ups) and all(ups)


def _direction(node: ast.AST) -> bool | None:
    match node:
        case ast.AugAssign(op=ast.Add() | ast.Sub() as op, value=value):
            pass
        case ast.Assign(value=ast.BinOp(op=ast.Add() | ast.Sub() as op, right=value)):
            pass
        case _:
            return None
    _, rate, turned = _without_rate(value)
    named = RATE.match(rate.lstrip("-").rpartition(".")[2])
    return isinstance(op, ast.Add) is not turned if named else None


def _without_rate(node: ast.expr) -> tuple[ast.expr, str, bool]:
    """`g` of `lr * g` and `g * -0.1`, the rate, and whether it has a minus."""
    match node:
        case ast.BinOp(left=one, op=ast.Mult(), right=other):
            for rate, rest in ((one, other), (other, one)):
                turned = isinstance(rate, ast.UnaryOp) and isinstance(rate.op, ast.USub)
                if _is_rate(rate.operand if isinstance(rate, ast.UnaryOp) else rate):
                    return rest, ast.unparse(rate), turned
            inner, rate, turned = _without_rate(one)
            if rate and not _is_number(rate):  # lr * a * b, which is (lr * a) * b
                return ast.copy_location(ast.BinOp(inner, ast.Mult(), other), node), rate, turned
        case ast.BinOp(left=one, op=ast.MatMult(), right=other):
            inner, rate, turned = _without_rate(one)  # lr * x.T @ dz, which is (lr * x.T) @ dz
            if rate:
                made = ast.copy_location(ast.BinOp(inner, ast.MatMult(), other), node)
                return made, rate, turned
        case _:
            pass
    return node, "", False


def _is_number(rate: str) -> bool:
    return rate.lstrip("-")[:1].isdigit()


def _is_rate(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=float() | int()):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return bool(RATE.match(name))
        case _:
            return False
