"""What is said of a file that is no problem: what was looked for, and what is nearest."""

from __future__ import annotations

import ast
import re

_LOOKED_FOR = (
    "looked for statements such as `dW = ...` after a forward that binds W, for functions "
    "NAME_forward and NAME_backward, and for classes with forward and backward"
)


def backwards_in(tree: ast.Module) -> list[str]:
    """The functions and methods that are called like a backward: `backprop`, `Net.gradients`."""
    found = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    found += [
        f"{node.name}.{each.name}"
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for each in node.body
        if isinstance(each, ast.FunctionDef)
    ]
    return [name for name in found if _BACK.search(name.rpartition(".")[2])]


_BACK = re.compile(r"back(?!up|end|ground|off|slash)|bptt|grad(?!ient_check|_check|e)|bwd")


def nearest(tree: ast.Module) -> str:
    """What was looked for, what was found, and the nearest form."""
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    forwards = [
        n for n in functions if re.search("forward|fwd", n) and not re.search("back|bwd", n)
    ]
    half = [
        node.name
        for node in classes
        if any(isinstance(each, ast.FunctionDef) and each.name == "forward" for each in node.body)
    ]
    backs = backwards_in(tree)
    if backs:
        found = (
            f"found {', '.join(backs[:2])}, but no forward that gives the loss it starts from: put "
            "that into NAME_forward(...) -> loss, cache beside NAME_backward(cache) -> dW, db"
        )
    elif forwards:
        other = forwards[0].replace("forward", "backward").replace("fwd", "bwd")
        found = f"found {forwards[0]}, which lacks a {other}"
    elif half:
        found = f"found class {half[0]}, which has forward, but no backward(self, dout)"
    elif functions or classes:
        some = [*functions, *(node.name for node in classes)]
        found = f"found {', '.join(some[:4])}{', ...' if len(some) > 4 else ''}"
    else:
        found = "found no gradient, function or class"
    return f"{_LOOKED_FOR}; {found}; `byhand new FILE` writes a problem file to complete"
