"""Calls of NumPy's and PyTorch's functions and methods, as formulas."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from byhand.ops import CALLED
from byhand.ops.elementwise import POSITIVE_OF
from byhand.ops.linear import INNER, MATMUL
from byhand.ops.shape import BROADCAST_TO, EXPAND_DIMS, RESHAPE, SQUEEZE, TRANSPOSE
from byhand.ops.spelling import names, operator_of
from byhand.rendering.derivation.operators import (
    ATOM,
    MODULES,
    POWER,
    PRODUCT,
    TERM,
    FormulaTerm,
    Operators,
)

AXES = "ijklmn"

REDUCERS = {"any", "all", "softmax"}
"""What reduces along an axis and is none of the ops."""

ITSELF = frozenset({
    "contiguous", "detach", "asarray", "array", "tensor", "ascontiguousarray", "astype", "to",
    "float", "double", "expand_as", "item",
}).union(*map(names, (POSITIVE_OF, BROADCAST_TO, EXPAND_DIMS, SQUEEZE)))  # fmt: skip
"""What changes the place or the shape in memory, and nothing that a formula would say."""

FILLED = {"zeros_like": "0", "zeros": "0", "new_zeros": "0", "ones_like": "1", "ones": "1"}

RESHAPED = names(RESHAPE) | {"view", "flatten"}

TRANSPOSED = names(TRANSPOSE) | {"swapaxes", "t", "adjoint", "matrix_transpose", "moveaxis"}

SAID = {"one_hot": "onehot"}

PRODUCTS = names(MATMUL) | names(INNER) | {"dot"}


def call(formula: Operators, node: ast.Call) -> FormulaTerm:
    """A call: of a function of NumPy or PyTorch, or of a method of an array."""
    name, operands, options = _parts(node)
    op, to = CALLED.get(name), formula.to
    said = op.formula if op is not None and op.formula else SAID.get(name, name)
    reduces = name in REDUCERS or (op is not None and op.structure == "reduction")
    if reduces and operands:
        return _reduced(formula, said, operands, options)
    if name in FILLED:
        return FormulaTerm(to.number(FILLED[name]))
    if name in ITSELF and operands:
        return formula.piece(operands[0])
    operator = ast.MatMult() if name in PRODUCTS else op and operator_of(op)
    if isinstance(operator, ast.operator) and len(operands) == 2:
        return formula.operation(operands[0], operator, operands[1])
    match op.name if op is not None else name, operands:
        case "where", [test, yes, no]:
            return formula.cases(test, yes, no)
        case "full_like", [_, value]:
            return formula.piece(value)
        case "sqrt", [inside]:
            return FormulaTerm(to.root(formula(inside)))
        case "square", [inside]:
            return FormulaTerm(to.above(formula.at(inside, ATOM), to.number("2")), POWER)
        case "reciprocal", [inside]:
            return FormulaTerm(to.fraction(to.number("1"), formula(inside)), POWER)
        case "absolute", [inside]:
            return FormulaTerm(to.fenced("|", formula(inside), "|"))
        case "negative", [inside]:
            return formula.piece(ast.UnaryOp(ast.USub(), inside))
        case "sigmoid", [inside]:
            return FormulaTerm(
                to.row([to.name(said.removeprefix("\\")), formula.bracketed(formula(inside))])
            )
        case "outer", [left, right]:
            sides = [formula.at(left, POWER), to.sign("⊗"), formula.at(right, POWER)]
            return FormulaTerm(to.row(sides), PRODUCT)
        case "einsum", [ast.Constant(value=str(letters)), *arrays] if "." not in letters:
            return _einsum(formula, letters, arrays)
        case _ if name in TRANSPOSED:
            return formula.transposed(operands[0], _axes_moved(operands[1:]))
        case _ if name in RESHAPED:
            return FormulaTerm(
                to.row([to.word("reshape"), formula.bracketed(formula(operands[0]))])
            )
        case "len" | "size", [inside]:
            return formula.function("len", [inside])
        case _:
            return formula.function(said, operands)


def _parts(node: ast.Call) -> tuple[str, list[ast.expr], dict[str, ast.expr]]:
    """The name of what is called, its operands (the array of a method first), its options."""
    options = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    match node.func:
        case ast.Attribute(value=inside, attr=name):
            of_module = ast.unparse(inside).split(".")[0] in MODULES
            return name, [*([] if of_module else [inside]), *node.args], options
        case func:
            return ast.unparse(func), list(node.args), options


def _reduced(
    formula: Operators, name: str, operands: list[ast.expr], options: dict[str, ast.expr]
) -> FormulaTerm:
    to = formula.to
    axis = options.get("axis", options.get("dim"))
    if axis is None and len(operands) > 1:
        axis = operands[1]
    letters = [_letter(formula, each) for each in _items(axis)]
    index = formula.row_of(",", letters)
    if name in "∑∏":
        sign = to.under(to.sign(name), index if letters else "")
        return FormulaTerm(to.row([sign, formula.at(operands[0], TERM)]), TERM)
    word = to.word(name)
    head = to.below(word, index) if letters else word
    return FormulaTerm(to.row([head, formula.bracketed(formula(operands[0]))]))


def _items(axis: ast.expr | None) -> Sequence[ast.expr]:
    if axis is None or (isinstance(axis, ast.Constant) and axis.value is None):
        return []
    return axis.elts if isinstance(axis, (ast.Tuple, ast.List)) else [axis]


def _letter(formula: Operators, axis: ast.expr) -> str:
    """The letter of an axis; the last one, whichever that is, is called so."""
    try:
        number = ast.literal_eval(axis)
    except ValueError:
        return formula(axis)
    if number == -1:
        return formula.to.words("last")
    if isinstance(number, int) and 0 <= number < len(AXES):
        return formula.to.name(AXES[number])
    return formula(axis)


def _axes_moved(arguments: Sequence[ast.expr]) -> str:
    """The axes that a transposition moves; nothing where it is that of a matrix."""
    written = ", ".join(ast.unparse(each).strip("()") for each in arguments)
    return "" if written in ("", "-1, -2", "-2, -1", "0, 1", "1, 0") else written


def _einsum(formula: Operators, letters: str, arrays: Sequence[ast.expr]) -> FormulaTerm:
    """The sum over the letters that the result doesn't have."""
    to = formula.to
    terms, _, result = letters.replace(" ", "").partition("->")
    factors = [
        to.below(formula.at(array, ATOM), to.row([to.name(letter) for letter in term]))
        for array, term in zip(arrays, terms.split(","), strict=True)
    ]
    summed = [letter for letter in dict.fromkeys(terms) if letter not in result + ","]
    body = [part for factor in factors for part in (to.space(), factor)][1:]
    if not summed:
        return FormulaTerm(to.row(body), PRODUCT)
    sign = to.under(to.sign("∑"), formula.row_of(",", [to.name(letter) for letter in summed]))
    return FormulaTerm(to.row([sign, *body]), TERM)
