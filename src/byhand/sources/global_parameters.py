"""A pair whose parameters are arrays at the top of its file, as notebooks have them, `C`, `W1`, and
whose backward returns their gradients: a pair that is handed them."""

from __future__ import annotations

import ast
import builtins
import copy
import re

from byhand.program.scopes import bound_names
from byhand.sources.flow import binds, reads
from byhand.sources.names import plain_name
from byhand.sources.signature import elements, parameters, returns, said_by


def handed_globals(
    forward: ast.FunctionDef, backward: ast.FunctionDef, tree: ast.Module
) -> tuple[ast.FunctionDef, ast.FunctionDef, list[str]]:
    """The two functions with these arrays as arguments, and their names: what forward reads from
    the top, and backward returns the gradient of by name. With them the names of data at the top
    that may be handed to them."""
    at_top = {name for node in tree.body if isinstance(node, ast.Assign) for name in binds(node)}
    said = (said_by(each) for end in returns(backward) for each in elements(end.value))
    whose = dict.fromkeys(plain_name(name) for name in said if name is not None)
    read = reads(forward) & at_top
    names = [name for name in whose if name in read]
    above = [node for node in tree.body if not isinstance(node, ast.For | ast.While)]
    known = {name for node in above for name in binds(node)} | {*dir(builtins)}
    if not names or not reads(backward) <= known:  # what only a loop makes isn't there to be read
        return forward, backward, []
    handed = dict.fromkeys([*parameters(forward), *parameters(backward)])
    made = bound_names(forward) - {*parameters(forward)}
    data = [each for n in handed if n not in made for each in data_for(n) if each in at_top]
    return _taking(forward, names), _taking(backward, names), [*names, *data]


def data_for(parameter: str) -> tuple[str, str]:
    """What the data may be called that an argument is, or is a batch of: `Xb` or `X`."""
    return parameter, re.sub(r"_?b(atch)?$", "", parameter, flags=re.I)


def _taking(function: ast.FunctionDef, names: list[str]) -> ast.FunctionDef:
    """A function that takes those of the arrays that it reads, before its defaults."""
    made = copy.deepcopy(function)
    more = [ast.arg(n) for n in names if n in reads(function) and n not in parameters(function)]
    at = len(made.args.args) - len(made.args.defaults)
    made.args.args[at:at] = [ast.copy_location(each, function) for each in more]
    return made
