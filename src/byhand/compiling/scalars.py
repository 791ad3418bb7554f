"""The functions that generated code calls for single numbers; a loop of them runs in vector
registers.

exp and log in float32 are polynomials (after Moshier's Cephes library, single precision), within
one unit in the last place, and tanh comes of the same, within three; in float64 they are those of
the C library. What a compiler may reorder is left to the loops: here it may only contract a product
and a sum into one instruction.
"""

# pyright: basic, reportMissingTypeStubs=false, reportMissingImports=false

import math

import numpy as np
from numba import njit

f4, f8, i8 = np.float32, np.float64, np.int64
inf, nan = math.inf, math.nan

_exact = njit(fastmath={"contract"}, error_model="numpy", forceinline=True)
_ordered = njit(fastmath={"nnan", "nsz"}, error_model="numpy", forceinline=True)


@_exact
def exp_f4(x):
    """e**x = 2**k * e**r, with |r| <= log(2) / 2."""
    bounded = min(max(x, f4(-104)), f4(89))
    k = np.floor(bounded * f4(1.44269504088896341) + f4(0.5))
    whole = np.int32(k)
    half = whole >> np.int32(1)  # in two steps, neither of which overflows on its own
    made = (_grown(bounded, k) + f4(1)) * _two_to(half) * _two_to(whole - half)
    return x if x != x else made


@_exact
def _grown(x, k):
    """e**r - 1, where r is x less k times log(2), and small."""
    r = (x - k * f4(0.693359375)) - k * f4(-2.12194440e-4)
    p = f4(1.9875691500e-4) * r + f4(1.3981999507e-3)
    p = p * r + f4(8.3334519073e-3)
    p = p * r + f4(4.1665795894e-2)
    p = p * r + f4(1.6666665459e-1)
    p = p * r + f4(5.0000001201e-1)
    return p * (r * r) + r


@_exact
def _two_to(n):
    return np.int32((n + np.int32(127)) << np.int32(23)).view(np.float32)


@_exact
def log_f4(x):
    """log(x) = e * log(2) + log(m), with m between sqrt(1/2) and sqrt(2)."""
    small = x < f4(1.17549435e-38)
    scaled = x * f4(16777216) if small else x
    bits = np.float32(scaled).view(np.int32)
    e = f4((bits >> np.int32(23)) - np.int32(126)) - (f4(24) if small else f4(0))
    m = np.int32((bits & np.int32(0x7FFFFF)) | np.int32(0x3F000000)).view(np.float32)
    low = m < f4(0.707106781186547524)
    e = e - f4(1) if low else e
    m = (m + m if low else m) - f4(1)
    z = m * m
    p = f4(7.0376836292e-2) * m + f4(-1.1514610310e-1)
    p = p * m + f4(1.1676998740e-1)
    p = p * m + f4(-1.2420140846e-1)
    p = p * m + f4(1.4249322787e-1)
    p = p * m + f4(-1.6668057665e-1)
    p = p * m + f4(2.0000714765e-1)
    p = p * m + f4(-2.4999993993e-1)
    p = p * m + f4(3.3333331174e-1)
    y = p * m * z + e * f4(-2.12194440e-4) - f4(0.5) * z
    made = m + y + e * f4(0.693359375)
    made = x if x == f4(inf) else made
    made = f4(-inf) if x == f4(0) else made
    return f4(nan) if x < f4(0) or x != x else made


@_exact
def tanh_f4(x):
    """tanh(|x|) = E / (E + 2) with E = e**(2|x|) - 1, which is exact near 0 too."""
    double = min(abs(x), f4(9.5)) * f4(2)
    k = np.floor(double * f4(1.44269504088896341) + f4(0.5))
    scale = _two_to(np.int32(k))
    grown = _grown(double, k) * scale + (scale - f4(1))
    made = f4(math.copysign(grown / (grown + f4(2)), x))
    return x if x != x else made


@_exact
def exp_f8(x):
    return math.exp(x)


@_exact
def log_f8(x):
    return np.log(x)


@_exact
def tanh_f8(x):
    return math.tanh(x)


@_exact
def larger(x, y):
    """np.maximum: of a number and NaN it is NaN."""
    return x if x > y or x != x else y


@_exact
def smaller(x, y):
    return x if x < y or x != x else y


@_ordered
def highest(x, y):
    """The larger of two numbers, in a sum-like loop, which then runs in vector registers."""
    return x if x > y else y


@_ordered
def lowest(x, y):
    return x if x < y else y


@_exact
def sign(x):
    return x if x != x else type(x)((x > 0) - (x < 0))


@njit(forceinline=True)
def within(index, length):
    """An index that counts from the end if it is negative."""
    if index < 0:
        index += length
    if index < 0 or index >= length:
        raise IndexError("an index is out of bounds")
    return index
