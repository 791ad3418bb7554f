"""What comes back from a submission is read without trusting any of it."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.course.grading.wire import TEXT, Reply, WireError, WireValue, decode, encode


def message(header: Any, rest: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + rest


def row(**changes: Any) -> dict[str, Any]:
    return {
        "key": ["x", 0],
        "words": "",
        "raised": False,
        "line": 1,
        "reads": [],
        "harms": "",
        **changes,
    }


def one(rest: bytes = b"", **changes: Any) -> bytes:
    return message({"runs": [[row(**changes)]], "error": None}, rest)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8"])
def test_arrays_come_back_as_they_were(dtype: str) -> None:
    sent = np.arange(6).reshape(2, 3).astype(dtype)[:, ::-1]
    value = WireValue(sent, line=3, reads=frozenset({("y", 1), ("hs[0]", 0)}))
    (run,) = decode(encode(Reply(({("x", 0): value},)))).runs
    got = run["x", 0]
    assert got.array is not None
    np.testing.assert_array_equal(got.array, sent)
    assert (got.line, got.reads) == (3, value.reads)


def test_words_are_short_and_printable() -> None:
    reply = Reply(
        ({("x", 0): WireValue(None, "\x1b[31m\n\ud800" + "a" * 9999, raised=True)},), "a\0b"
    )
    back = decode(encode(reply))
    assert back.error == "a\ufffdb"
    words = back.runs[0]["x", 0].words
    assert len(words) <= TEXT and words.isprintable()


@pytest.mark.parametrize(
    "bad",
    {
        "empty": b"",
        "short": b"\1",
        "endless header": struct.pack("<I", 2**32 - 1) + b"[" * 100,
        "nested": struct.pack("<I", 200_000) + b"[" * 200_000,
        "no JSON": struct.pack("<I", 3) + b"\xff\xfe\xfd",
        "a number": message(3),
        "no runs": message({"error": None}),
        "runs of text": message({"runs": "abc", "error": None}),
        "an object": one(b"\0" * 8, dtype="|O", shape=[1]),
        "a structure": one(b"\0" * 8, dtype=[["a", "<f8"]], shape=[1]),
        "integers": one(b"\0" * 8, dtype="<i8", shape=[1]),
        "too little": one(b"\0" * 7, dtype="<f8", shape=[1]),
        "too much": one(b"\0" * 9, dtype="<f8", shape=[1]),
        "a huge size": one(b"", dtype="<f8", shape=[2**39, 2**39]),
        "a negative size": one(b"\0" * 8, dtype="<f8", shape=[-1]),
        "many axes": one(b"\0" * 8, dtype="<f8", shape=[1] * 40),
        "a true size": one(b"\0" * 8, dtype="<f8", shape=[True]),
        "no name": one(key=[None, 0]),
        "half a key": one(key=["x"]),
        "a text as line": one(line="1"),
        "a list as words": one(words=["a"]),
        "NaN": one(line=float("nan")),
    }.items(),
    ids=lambda bad: bad[0],
)
def test_what_is_malformed_is_refused(bad: tuple[str, bytes]) -> None:
    with pytest.raises(WireError):
        decode(bad[1])


def test_empty_arrays_of_absurd_shapes_are_harmless() -> None:
    (run,) = decode(one(dtype="<f8", shape=[0, 2**39])).runs
    assert run["x", 0].array is not None and run["x", 0].array.size == 0


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(WireError):
        decode(noise)


GOOD = encode(Reply(({("x", 0): WireValue(np.ones(3)), ("y", 0): WireValue(None, "no")},)))


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8))
def test_damage_is_refused_or_read(place: int, damage: bytes) -> None:
    damaged = GOOD[:place] + damage + GOOD[place + len(damage) :]
    try:
        reply = decode(damaged)
    except WireError:
        return
    assert all(isinstance(value, WireValue) for run in reply.runs for value in run.values())
