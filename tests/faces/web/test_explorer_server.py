"""The server behind `byhand show`: what is told of a file, and what is shared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command_line import run_byhand
from pages import Served

from line_problem import GOOD

FORWARD = GOOD.partition("def backward")[0]


def told(served: Served, name: str, digest: str | None = None) -> dict[str, Any]:
    """The last answer under a name, on the content with this digest."""
    with served.events("file") as events:
        for heard, value in events:
            if heard == name and value.get("last", True) and digest in (None, value.get("digest")):
                return value
    raise AssertionError("the stream ended")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "line.py"
    made.write_text(FORWARD)
    return made


def test_a_forward_alone_is_drawn_and_derived(file: Path) -> None:
    with Served("show", str(file)) as served:
        verdict = told(served, "verdict")
        report = told(served, "report")
        assert (verdict["passed"], report["ok"]) == (None, None)
        steps = [step["name"] for step in report["program"]]
        assert steps == ["x", "w", "t", "y", "error", "loss"]
        derived = told(served, "derivation")
        assert "def backward(" in derived["derivation"]["source"]
        assert derived["closed"]["closed"]

        text = told(served, "text")
        own = GOOD.replace("dw = x.T @ dy", "dw = x.T @ error")
        reply = served.ask("/api/save", {"text": own, "base": text["digest"]})
        assert reply.status == 200
        digest = reply.json["digest"]
        verdict = told(served, "verdict", digest)
        assert verdict["said"]["roots"][0]["names"] == ["w"]
        assert any("w" in said for said in told(served, "derivation", digest)["ending"])
        assert file.read_text() == own

        shared = served.ask("/api/share")
        assert shared.headers["content-disposition"] == 'attachment; filename="line.html"'
        assert b"byhand-view" in shared.body
        assert b'src="http' not in shared.body
        assert served.token.encode() not in shared.body


def test_a_model_of_the_zoo_is_shown_as_a_copy() -> None:
    from byhand.program.problem import zoo

    model = zoo()["softmax_cross_entropy"]
    before = model.read_bytes()
    with Served("show", "softmax_cross_entropy") as served:
        assert served.ask("/api/explorer").json["copied"] == "softmax_cross_entropy"
        assert told(served, "verdict")["passed"]
        body = {"text": "x = 1\n", "base": told(served, "text")["digest"]}
        assert served.ask("/api/save", body).status == 200
        assert model.read_bytes() == before
        assert served.interrupt() == (130, "")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing.py", "nothing.py: no such file"),
        ("nothing", "nothing: no such file, nor a model of the zoo"),
        ("n.ipynb", "is a notebook"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(tmp_path: Path, name: str, said: str) -> None:
    if name == "n.ipynb":
        (tmp_path / name).write_text("{}")
    done = run_byhand("show", name, "--no-open", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_model_is_trained_while_one_looks_on_and_verdicts_do_not_wait() -> None:
    with Served("show", "mlp") as served:
        assert told(served, "verdict")["trainable"]
        text = told(served, "text")
        assert served.ask("/api/train", {"document": "file"}).status == 200
        with served.events("file") as events:
            trainings = (value for name, value in events if name == "training")
            seen = next(each for each in trainings if len(each["losses"]) > 2)
            assert seen["going"] and seen["steps"] > 1000 and seen["digest"] == text["digest"]
            assert len(seen["samples"]) == 8 and all(seen["samples"])

            body = {"text": f"{text['text']}\n", "base": text["digest"]}
            digest = served.ask("/api/save", body).json["digest"]
            assert told(served, "verdict", digest)["passed"]

            assert served.ask("/api/stop", {"document": "file"}).status == 200
            last = next(each for each in trainings if not each["going"])
            assert len(last["losses"]) > 2 and not last.get("error")
        assert served.interrupt() == (130, "")


def test_why_a_training_ended_is_said(file: Path) -> None:
    file.write_text(GOOD)
    with Served("show", str(file)) as served:
        assert told(served, "verdict")["trainable"] is False
        assert served.ask("/api/train", {"document": "file"}).status == 200
        with served.events("file") as events:
            trainings = (value for name, value in events if name == "training")
            last = next(each for each in trainings if not each["going"])
            assert "can't be trained: inputs takes no size `vocabulary`" in last["error"]
