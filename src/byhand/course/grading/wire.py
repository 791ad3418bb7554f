"""What comes back from a submission: plain numbers and short texts, and never an object.

    4 bytes   the length of the header, little-endian
    header    JSON: what was computed, in order, and whatever went wrong
    the rest  the elements of the arrays, one array after the other, little-endian

Whoever reads it trusts nothing of it: neither that it is well-formed, nor that it is true.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.referees.referee import Key
from byhand.values.arrays import Array

READY = b"ready\n"
"""What a process says before it runs the submission; its time counts from then on."""

HEADER = 1 << 20
TEXT = 300
_DTYPES = ("<f2", "<f4", "<f8")


class WireError(Exception):
    """What came back can't be read."""


@dataclass(frozen=True, eq=False)
class WireValue:
    """What a submission gave for one gradient: an array, or else, in words, what it was instead.

    `reads` are the gradients that its definition read, `line` is where it is written, and `raised`
    says that a statement raised instead of giving it. `harms` is what that line changes besides,
    though something else still needs it.
    """

    array: Array | None
    words: str = ""
    raised: bool = False
    line: int | None = None
    reads: frozenset[Key] = frozenset()
    harms: str = ""


@dataclass(frozen=True, eq=False)
class Reply:
    """What came back. `runs` are those of the sittings, in order: first as they are, then on random
    upstream gradients. `error` says why there is nothing."""

    runs: tuple[Mapping[Key, WireValue], ...] = ()
    error: str | None = None


def encode(reply: Reply) -> bytes:
    runs: list[list[Any]] = []
    blobs: list[bytes] = []
    for run in reply.runs:
        runs.append([])
        for (name, binding), value in run.items():
            row: dict[str, Any] = {
                "key": [name, binding],
                "words": value.words[:TEXT],
                "raised": value.raised,
                "line": value.line,
                "reads": sorted(value.reads),
                "harms": value.harms[:TEXT],
            }
            if value.array is not None:
                plain = np.asarray(value.array, order="C")
                plain = plain.astype(plain.dtype.newbyteorder("<"), copy=False)
                row["dtype"], row["shape"] = plain.dtype.str, plain.shape
                blobs.append(plain.tobytes())
            runs[-1].append(row)
    error = None if reply.error is None else reply.error[:TEXT]
    header = json.dumps({"runs": runs, "error": error}).encode()
    return struct.pack("<I", len(header)) + header + b"".join(blobs)


def decode(message: bytes) -> Reply:
    """Reads what came back. Raises WireError for whatever isn't exactly as it should be."""
    try:
        (length,) = struct.unpack_from("<I", message)
        if length > HEADER:
            raise WireError("its header is too long")
        header = json.loads(message[4 : 4 + length])
        rest = memoryview(message)[4 + length :]
        runs: list[Mapping[Key, WireValue]] = []
        for rows in header["runs"]:
            run: dict[Key, WireValue] = {}
            for row in rows:
                array, rest = _array(row, rest)
                run[_key(row["key"])] = WireValue(
                    array,
                    _text(row["words"]) or "",
                    row["raised"] is True,
                    _whole(row["line"]),
                    frozenset(_key(key) for key in row["reads"]),
                    _text(row["harms"]) or "",
                )
            runs.append(run)
        if len(rest):
            raise WireError("there is more than it says")
        return Reply(tuple(runs), _text(header["error"]))
    except WireError:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise WireError(f"it is malformed ({type(error).__name__})") from error
    except (RecursionError, MemoryError, struct.error) as error:
        raise WireError(f"it is malformed ({type(error).__name__})") from None


def _array(row: Mapping[str, Any], rest: memoryview) -> tuple[Array | None, memoryview]:
    if "dtype" not in row:
        return None, rest
    if row["dtype"] not in _DTYPES:
        raise WireError("it holds something other than floats")
    dtype = np.dtype(row["dtype"])
    shape = tuple(_size(size) for size in _list(row["shape"]))
    if len(shape) > 32:
        raise WireError("an array has too many axes")
    size = math.prod(shape) * dtype.itemsize
    if size > len(rest):
        raise WireError("there is less than it says")
    return np.frombuffer(rest[:size], dtype).reshape(shape), rest[size:]


def _key(found: Any) -> Key:
    name, binding = found
    text = _text(name)
    if text is None:
        raise WireError("a gradient has no name")
    return text, _size(binding)


def _text(found: Any) -> str | None:
    if found is None:
        return None
    if not isinstance(found, str):
        raise WireError("a text is not a text")
    shown = "".join(c if c.isprintable() else "\ufffd" for c in found[:TEXT])
    return shown.encode(errors="replace").decode()


def _whole(found: Any) -> int | None:
    return None if found is None else _size(found)


def _size(found: Any) -> int:
    if type(found) is not int or not 0 <= found < 1 << 40:
        raise WireError("a size is not a size")
    return found


def _list(found: Any) -> Sequence[Any]:
    if not isinstance(found, list):
        raise WireError("a list is not a list")
    return found  # pyright: ignore[reportUnknownVariableType]
