"""Reading words, and cutting them into examples as the lectures do."""

from __future__ import annotations

import hashlib
import random
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from byhand.errors import DataError
from byhand.train.data import Examples, Words, examples, read_words, split


def test_the_bundled_list_is_the_published_one() -> None:
    file = resources.files("byhand") / "data" / "ssa-names-2018.txt"
    words = read_words()
    digest = "bd02dfd33179e23ec2dd093cbd4de619834f75d660ef1ae04d3127e7a0110053"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest == words.sha256
    assert len(words.words) == 32257
    assert words.words[:3] == ("emma", "olivia", "ava") and words.words[-1] == "zzyzx"
    assert words.characters == "abcdefghijklmnopqrstuvwxyz" and words.vocabulary == 27
    assert words.source == "names"


def test_the_split_is_that_of_the_lectures() -> None:
    words = read_words()
    shuffled = list(words.words)
    state = random.getstate()
    random.seed(42)
    random.shuffle(shuffled)
    random.setstate(state)
    parts = split(words, 3)
    ends = int(0.8 * 32257), int(0.9 * 32257)
    expected = [shuffled[: ends[0]], shuffled[ends[0] : ends[1]], shuffled[ends[1] :]]
    for part, list_ in zip((parts.train, parts.validation, parts.test), expected, strict=True):
        assert "".join(".abcdefghijklmnopqrstuvwxyz"[i] for i in part.Y) == "".join(
            f"{word}." for word in list_
        )


def test_examples_are_each_character_after_its_context() -> None:
    found = examples(["ab", "c"], {"a": 1, "b": 2, "c": 3}, 3)
    assert found.X.tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 2], [0, 0, 0], [0, 0, 3]]
    assert found.Y.tolist() == [1, 2, 0, 3, 0]
    assert found.X.dtype == np.intp and len(found) == 5


def test_no_words_give_no_examples_of_the_right_shape() -> None:
    found = examples([], {}, 3)
    assert found.X.shape == (0, 3) and found.Y.shape == (0,)


@pytest.mark.parametrize(
    "content",
    [b"ab\n\n  c d \n\n", b"ab\r\nc d\r\n", b"\xef\xbb\xbfab\nc d", b"\t\nab\n \n c d"],
    ids=["blank lines", "CRLF", "BOM", "tabs"],
)
def test_lines_become_words(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "words.txt"
    file.write_bytes(content)
    words = read_words(file)
    assert words.words == ("ab", "c d")
    assert words.characters == " abcd"
    assert words.source == str(file)


def test_a_dot_in_a_word_is_not_the_end_marker(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("a.b\n" * 10)
    words = read_words(file)
    assert words.characters == ".ab" and words.vocabulary == 4
    found: Examples = split(words, 2).train
    assert found.X[:4].tolist() == [[0, 0], [0, 2], [2, 1], [1, 3]]
    assert found.Y[:4].tolist() == [2, 1, 3, 0]


def test_any_script_will_do(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("łódź\n東京\n", encoding="utf-8")
    assert read_words(file).words == ("łódź", "東京")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no words: give a text file"),
        (b"\n \n", "has no words: give a text file"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is not a text file: give one in UTF-8"),
        (b"ab\0cd\n", "is not a text file: give one in UTF-8"),
        ("Zoë".encode("latin-1"), "is not a text file: give one in UTF-8"),
    ],
)
def test_a_file_that_is_no_list_of_words(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "words.txt"
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        read_words(file)
    assert str(file) in str(error.value) and "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere.txt: no such file: give a text file, or `names`"):
        read_words(tmp_path / "nowhere.txt")


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder: name the text file in it"):
        read_words(tmp_path)


@pytest.mark.parametrize(("count", "said"), [(1, "only 1 word:"), (5, "only 5 words:")])
def test_too_few_words_to_split(count: int, said: str) -> None:
    with pytest.raises(DataError, match=said):
        split(Words("few.txt", "", ("ab",) * count, "ab"), 3)


def test_ten_words_are_enough() -> None:
    parts = split(Words("ten.txt", "", ("ab",) * 10, "ab"), 3)
    assert [len(p) for p in (parts.train, parts.validation, parts.test)] == [24, 3, 3]
