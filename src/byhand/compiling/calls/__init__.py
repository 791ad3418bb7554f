"""NumPy's functions on traced arrays: which of them become statements, and which are views.

What has no entry here is computed by NumPy itself in every step (a `NumpyCall`), unless its result
is a view, which costs nothing.
"""

from byhand.compiling.calls.functions import apply_function, method
from byhand.compiling.calls.ufuncs import apply_ufunc
from byhand.compiling.indexing import get, put
from byhand.compiling.tape import Handlers

HANDLERS = Handlers(apply_ufunc, apply_function, method, get, put)
