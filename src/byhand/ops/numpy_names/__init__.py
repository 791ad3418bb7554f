"""NumPy's names: which op, or which few ops, answer a NumPy ufunc or function, a family a file."""

from byhand.ops.numpy_names import elementwise, products, reductions, shape_alone, shapes
from byhand.ops.numpy_names.answers import FUNCTIONS, nearest, op_of
from byhand.ops.numpy_names.indexing import getitem
from byhand.ops.numpy_names.ufunc_methods import ufunc_method

__all__ = [
    "FUNCTIONS",
    "elementwise",
    "getitem",
    "nearest",
    "op_of",
    "products",
    "reductions",
    "shape_alone",
    "shapes",
    "ufunc_method",
]
