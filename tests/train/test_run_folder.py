"""The run folder: whole or not there at all, whatever happens while it is written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from byhand.errors import DataError
from byhand.train import curve, folder, loop, sample, train
from byhand.train.run import load_run

Python = Callable[..., tuple[int, str, str]]

FILES = [
    "config.json",
    "curve.csv",
    "curve.svg",
    "optimiser.safetensors",
    "parameters.safetensors",
    "samples.txt",
    "statistics.safetensors",
]


def visible(place: Path) -> list[str]:
    return sorted(p.name for p in place.iterdir() if not p.name.startswith("."))


@pytest.fixture
def run(word_file: Path, little: dict[str, int]) -> Path:
    return Path(train("mlp", data=word_file, steps=60, sizes=little).run)


def test_a_run_has_its_files_and_nothing_else_is_left(run: Path) -> None:
    assert str(run) == "runs/mlp-1"
    assert sorted(p.name for p in run.iterdir()) == FILES
    assert [p.name for p in Path("runs").iterdir()] == ["mlp-1"]
    config = json.loads((run / "config.json").read_text())
    assert config["model"] == "mlp" and config["schedule"]["steps"] == 60 and config["seed"] == 0
    assert (run / "curve.csv").read_text().splitlines()[0] == "step,loss"
    assert len((run / "curve.csv").read_text().splitlines()) == 61
    assert len((run / "samples.txt").read_text().splitlines()) == 10


def test_the_next_run_gets_the_next_number(
    run: Path, word_file: Path, little: dict[str, int]
) -> None:
    run.rename("runs/mlp-9")
    Path("runs/mlp-x").mkdir()
    Path("runs/mlp_fused-30").mkdir()
    assert train("mlp", data=word_file, steps=1, sizes=little).run == "runs/mlp-10"


def test_two_that_write_at_once_get_two_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("runs/mlp-1").mkdir(parents=True)
    Path("runs/mlp-1/config.json").touch()
    monkeypatch.setattr(folder, "_last_number", lambda parent, name: 0)
    assert folder.write_new(Path("runs"), "mlp", {"a": b"1"}) == Path("runs/mlp-2")


def test_out_is_the_folder_itself(word_file: Path, little: dict[str, int], tmp_path: Path) -> None:
    out = tmp_path / "deep" / "mine"
    assert train("mlp", data=word_file, steps=1, sizes=little, out=out).run == str(out)
    assert sorted(p.name for p in out.iterdir()) == FILES
    with pytest.raises(DataError, match="mine: is there already: choose another folder"):
        train("mlp", data=word_file, steps=1, sizes=little, out=out)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert train("mlp", data=word_file, steps=1, sizes=little, out=empty).run == str(empty)


@pytest.mark.parametrize("out", ["file/run", "file"])
def test_a_file_in_the_way_is_told_before_training(
    word_file: Path, little: dict[str, int], out: str
) -> None:
    Path("file").touch()

    def progress(*anything: object) -> None:
        raise AssertionError("it trained first")

    with pytest.raises(DataError) as error:
        train("mlp", data=word_file, steps=1, sizes=little, out=out, progress=progress)
    assert str(error.value).startswith("file: ") and "\n" not in str(error.value)


def test_a_full_disk_leaves_nothing(word_file: Path, python: Python) -> None:
    """No file may grow beyond 3,000 bytes, which the parameters do."""
    script = """
import resource, signal, sys
sys.dont_write_bytecode = True  # Python would leave half a file of it
from byhand.errors import DataError
from byhand.train import train
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
try:
    train("mlp", data=sys.argv[1], steps=1)
except DataError as error:
    print(error)
"""
    status, output, errors = python(script, word_file)
    assert (status, errors) == (0, "")
    assert output == (
        "runs: can't be written: File too large: "
        "free some space, or choose another place with --out\n"
    )
    assert list(Path("runs").iterdir()) == []


def test_a_full_disk_leaves_the_run_that_was_resumed(run: Path, python: Python) -> None:
    before = {p.name: p.read_bytes() for p in run.iterdir()}
    script = """
import resource, signal, sys
sys.dont_write_bytecode = True
from byhand.errors import DataError
from byhand.train import train
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
try:
    train("mlp", resume="runs/mlp-1", steps=80)
except DataError as error:
    print("told")
"""
    assert python(script) == (0, "told\n", "")
    assert {p.name: p.read_bytes() for p in run.iterdir()} == before
    assert [p.name for p in Path("runs").iterdir()] == ["mlp-1"]


@pytest.mark.parametrize("moment", ["training", "writing"])
def test_kill_9_leaves_no_half_written_run(word_file: Path, python: Python, moment: str) -> None:
    script = """
import os, signal, sys
from byhand.train import train
kill = lambda *anything: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "writing":
    files = iter(range(3))
    write = os.fsync
    os.fsync = lambda number: write(number) if next(files) < 2 else kill()
train("mlp", data=sys.argv[1], steps=3, progress=kill if sys.argv[2] == "training" else None)
"""
    status, _, _ = python(script, word_file, moment)
    assert status == -9
    assert visible(Path("runs")) == []


def test_what_is_no_run_is_told_so(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError, match="is not a run of `byhand train`: name its folder"):
            load_run(place)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b"{}"),
        ("config.json", b"[1]"),
        ("config.json", b'{"schedule": 1}'),
        ("optimiser.safetensors", b"no"),
        ("parameters.safetensors", b"no"),
        ("curve.csv", b"step,loss\nx\n"),
    ],
)
def test_a_damaged_run_is_told_so(run: Path, file: str, content: bytes) -> None:
    (run / file).write_bytes(content)
    with pytest.raises(DataError, match=r"mlp-1: is damaged \(.*\): train anew"):
        sample(run)


def test_a_missing_file_is_named(run: Path) -> None:
    (run / "statistics.safetensors").unlink()
    with pytest.raises(DataError, match=r"statistics.safetensors: can't be read: No such file"):
        sample(run)


def test_the_curve_is_a_picture_that_needs_nothing_else(run: Path) -> None:
    svg = (run / "curve.svg").read_text()
    root = ET.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not re.search(r"<script|href|url\(|@import", svg)
    said = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    validation = load_run(run).config.val_loss
    assert {"step", "loss (nats per character)", "each step", "smoothed"} <= said
    assert f"validation: {validation:.4f}" in said
    lines = list(root.iter("{http://www.w3.org/2000/svg}polyline"))
    assert [len(line.attrib["points"].split()) for line in lines] == [60, 60]


@pytest.mark.parametrize("losses", [[(1, 2.5)], [(1, 2.0), (2, 2.0)], [(7, 3e4), (14, 1e-3)]])
def test_any_curve_can_be_drawn(losses: list[tuple[int, float]]) -> None:
    root = ET.fromstring(curve.draw("a<b", losses, losses[-1][1]))
    for line in root.iter("{http://www.w3.org/2000/svg}polyline"):
        for point in line.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 66 <= x <= 734 and 48 <= y <= 366


UNTIL_KILLED = """
import sys, time
from byhand.train import train
def progress(*anything):
    print("training", flush=True)
    time.sleep(60)
train("mlp", resume=sys.argv[1], steps=100_000, plain=True, progress=progress)
"""


def test_who_trains_into_a_folder_keeps_others_away(run: Path) -> None:
    """Until the process ends, however it ends."""
    with subprocess.Popen(
        [sys.executable, "-c", UNTIL_KILLED, run], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "training\n"
        with pytest.raises(DataError, match="is being trained by another process") as error:
            train("mlp", resume=run, steps=200)
        assert "\n" not in str(error.value)
        elsewhere = train("mlp", resume=run, steps=200, out="elsewhere")
        assert elsewhere.steps == 200
        other.kill()
    assert train("mlp", resume=run, steps=200).steps == 200
    assert not [path for path in run.parent.iterdir() if path != run]


def test_a_new_run_is_its_own_from_the_first_save(
    word_file: Path, little: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that is underway is seen by nobody as one that stopped."""
    monkeypatch.setattr(loop, "SAVED_EVERY", 0)
    monkeypatch.setattr(loop, "_SHOWN_EVERY", -1)
    refused = []

    def resume(step: int, *others: object) -> None:
        if step > 5 and not refused:
            with pytest.raises(DataError, match="is being trained") as error:
                train("mlp", resume="runs/mlp-1", steps=200)
            refused.append(error)

    train("mlp", data=word_file, steps=20, sizes=little, progress=resume)
    assert refused
