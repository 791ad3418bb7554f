"""Classes whose methods are functions. They share a context, `forward(ctx, x)` and `backward(ctx,
grad_output)`, as small frameworks have them: what forward leaves in `ctx` is kept for backward. Or
they are a pair as it stands: static methods `forward(x, w)` and `backward(dout, cache)`."""

from __future__ import annotations

import ast
import copy

from byhand.sources.assemble import located
from byhand.sources.pair import Pair, paired
from byhand.sources.returns import with_returns
from byhand.sources.signature import elements, parameters, returns

_CONTEXT = {"ctx", "context"}
_SAVING = {"save_for_backward", "save"}


def contexts_in(tree: ast.Module) -> list[Pair]:
    """The classes of a module with such methods, each as a pair; PyTorch's own aren't."""
    found: list[Pair] = []
    for node in tree.body:
        if not isinstance(node, ast.ClassDef) or _is_torchs(node, tree):
            continue
        methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
        match methods.get("forward"), methods.get("backward"):
            case ast.FunctionDef() as forward, ast.FunctionDef() as backward if (
                _takes_context(forward) and _takes_context(backward) and returns(forward)
            ):
                found.append(_pair(node.name, forward, backward))
            case ast.FunctionDef() as forward, ast.FunctionDef() as backward if (
                _is_static(forward) and _is_static(backward) and returns(forward)
            ):
                one, two = _undecorated(forward), _undecorated(backward)
                found.append(paired(node.name, one, two, rewritten=True))
            case _:
                pass
    return found


def _is_static(method: ast.FunctionDef) -> bool:
    return [ast.unparse(each) for each in method.decorator_list] == ["staticmethod"]


def _undecorated(method: ast.FunctionDef) -> ast.FunctionDef:
    made = copy.deepcopy(method)
    made.decorator_list = []
    return made


def _takes_context(method: ast.FunctionDef) -> bool:
    return parameters(method)[:1] != [] and parameters(method)[0] in _CONTEXT


def _is_torchs(node: ast.ClassDef, tree: ast.Module) -> bool:
    """Whether a class is an autograd Function, which `byhand.torch.check` judges."""
    imported = {
        alias.asname or alias.name
        for each in tree.body
        if isinstance(each, ast.ImportFrom) and (each.module or "").startswith("torch")
        for alias in each.names
    }
    bases = [ast.unparse(base) for base in node.bases]
    return any("autograd" in base or "torch" in base or base in imported for base in bases)


def _pair(name: str, forward: ast.FunctionDef, backward: ast.FunctionDef) -> Pair:
    keeping, reading = _Context(parameters(forward)[0]), _Context(parameters(backward)[0])
    one, two = keeping.of(forward), reading.of(backward)
    kept = [each for each in keeping.names if each in reading.names]
    more: list[ast.expr] = [ast.Name(each, ast.Load()) for each in kept]

    def with_kept(end: ast.Return) -> list[ast.stmt]:
        return [located(ast.Return(ast.Tuple([*elements(end.value), *more], ast.Load())), end)]

    one.body = with_returns(one.body, with_kept)
    two.args.args += [ast.copy_location(ast.arg(each), two) for each in kept]
    return paired(name, one, two, rewritten=True)


class _Context(ast.NodeTransformer):
    """What is in a context as locals; `names` are these."""

    def __init__(self, context: str) -> None:
        self.context = context
        self.names: dict[str, None] = {}

    def of(self, method: ast.FunctionDef) -> ast.FunctionDef:
        made = _undecorated(method)
        made.args.args = made.args.args[1:]
        made.body = [self.visit(node) for node in made.body]
        return made

    def local(self, attribute: str) -> str:
        name = f"{self.context}_{attribute}".replace("saved_tensors", "saved")
        self.names[name] = None
        return name

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr), args=args) if (
                name == self.context and attr in _SAVING
            ):
                target = ast.Name(self.local("saved_tensors"), ast.Store())
                return located(ast.Assign([target], ast.Tuple([*args], ast.Load())), node)
            case _:
                self.generic_visit(node)
                return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        match node.value:
            case ast.Attribute(value=ast.Name(id=name), attr="needs_input_grad") if (
                name == self.context
            ):
                return ast.copy_location(ast.Constant(True), node)
            case _:
                self.generic_visit(node)
                return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name == self.context:
                return ast.copy_location(ast.Name(self.local(attr), node.ctx), node)
            case _:
                self.generic_visit(node)
                return node
