"""The server behind `byhand learn --web`: who is answered, and files that are edited by several."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import run_byhand
from pages import LOSS, PRACTICE, Served

BLANKS = {"dlogprobs = ...  # your turn": "", "dprobs = ...  # your turn": ""}
RIGHT = "    dlogprobs = np.zeros_like(probs)\n    dlogprobs[rows, Y] = -1 / n\n"


def answered(blank: str, dlogprobs: str, dprobs: str) -> str:
    """The learner's copy of 6.1 with these two statements."""
    made = blank.replace(
        "dlogprobs = ...  # your turn",
        f"dlogprobs = np.zeros_like(probs)\n    dlogprobs[rows, Y] = {dlogprobs}",
    )
    return made.replace("dprobs = ...  # your turn", f"dprobs = {dprobs}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page") / "w"


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with Served("learn", str(folder), "--web", "--course", str(PRACTICE)) as running:
        yield running


@pytest.fixture
def loss(served: Served, folder: Path) -> Path:
    """6.1 as it is at first, opened."""
    served.ask("/api/open", {"document": LOSS})
    served.ask("/api/reset", {"document": LOSS})
    return folder / f"{LOSS}.py"


def save(served: Served, text: str, base: str) -> tuple[int, dict[str, str]]:
    reply = served.ask("/api/save", {"document": LOSS, "text": text, "base": base})
    return reply.status, reply.json


def report(served: Served, document: str) -> dict[str, Any]:
    with served.events(document) as events:
        return next(value for name, value in events if name == "report")


def derived(served: Served, digest: str) -> list[str]:
    """The names whose gradients are derived beside a text of 6.1."""
    with served.events(LOSS) as events:
        found = (value for name, value in events if name == "derivation")
        told = next(each["derivation"] for each in found if each["digest"] == digest)
        return [step["name"] for step in told["steps"] if step["name"]]


def digest(served: Served) -> str:
    with served.events(LOSS) as events:
        return next(value["digest"] for name, value in events if name == "text")


def test_a_save_gets_its_verdict(served: Served, loss: Path) -> None:
    blank = loss.read_text()
    base = digest(served)
    status, there = save(served, answered(blank, "1 / n", "dlogprobs / probs"), base)
    assert status == 200
    assert loss.read_text() == answered(blank, "1 / n", "dlogprobs / probs")
    wrong = served.verdict(LOSS, there["digest"])
    assert not wrong["passed"]
    assert [root["code"] for root in wrong["said"]["roots"]] == ["sign"]
    assert report(served, LOSS)["roots"] == ["logprobs"]
    assert derived(served, there["digest"]) == [
        "probs"
    ]  # a right line, though it reads a wrong one
    right = answered(blank, "-1 / n", "dlogprobs / probs")
    _, there = save(served, right, there["digest"])
    assert served.verdict(LOSS, there["digest"])["passed"]
    assert derived(served, there["digest"]) == ["logprobs", "probs"]
    with served.events() as events:
        standing = next(value for name, value in events if name == "standing")
    assert standing["passed"] == [LOSS]
    assert "[x] 6.1" in run_byhand("list", cwd=loss.parent).stdout


def test_a_save_elsewhere_is_told_and_checked(served: Served, loss: Path) -> None:
    made = answered(loss.read_text(), "-1", "dlogprobs / probs")
    with served.events(LOSS) as events:
        next(events)
        loss.write_text(made)
        start = time.monotonic()
        assert next(v for n, v in events if n == "text" and v["text"] == made)
        assert time.monotonic() - start < 2
    verdict = served.verdict(LOSS, digest(served))
    assert verdict.get("error") is None
    assert verdict["said"]["roots"][0]["code"] == "unnormalised"


def test_the_file_on_disk_wins_and_the_other_text_is_kept(served: Served, loss: Path) -> None:
    base, blank = digest(served), loss.read_text()
    loss.write_text(blank + "# from an editor\n")
    status, there = save(served, blank + "# from a tab\n", base)
    assert status == 409
    assert loss.read_text() == there["text"] == blank + "# from an editor\n"
    assert loss.with_name(there["kept"]).read_text() == blank + "# from a tab\n"
    again, there = save(served, blank + "# from a tab\n", base)
    assert (again, there["kept"]) == (409, there["kept"])  # kept once
    assert save(served, blank + "# from a tab\n", there["digest"])[0] == 200


def test_ends_of_lines_and_the_mark_of_utf8_stay(served: Served, loss: Path) -> None:
    loss.write_bytes(b"\xef\xbb\xbf" + loss.read_text().replace("\n", "\r\n").encode())
    with served.events(LOSS) as events:
        there = next(
            v for n, v in events if n == "text" and served.ask("/api/open", {"document": LOSS})
        )
    base = digest(served)
    assert "\r" not in there["text"]
    assert save(served, there["text"] + "# é\n", base)[0] == 200
    assert loss.read_bytes().startswith(b"\xef\xbb\xbf")
    assert loss.read_bytes().endswith("# é\r\n".encode())


def test_hints_come_one_at_a_time(served: Served, loss: Path) -> None:
    def hints() -> int:
        return len(served.ask("/api/hint", {"document": LOSS}).json["hints"])

    first = hints()
    assert hints() == first + 1
    assert served.ask("/api/solution", {"document": LOSS}).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:{port}"},
        {"Host": "127.0.0.1"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
    ids=str,
)
def test_foreign_pages_are_refused(served: Served, headers: dict[str, str]) -> None:
    given = {name: value.format(port=served.port) for name, value in headers.items()}
    for path in ("/", "/api/course", "/assets/view.js"):
        reply = served.ask(path, headers=given)
        assert reply.status == 403
        assert served.token.encode() not in reply.body


def test_without_the_token_there_is_nothing(served: Served) -> None:
    for token in ("", "x", "é", served.token[:-1], served.token + "x"):
        for path in ("/", "/api/course", "/api/events", "/nothing"):
            assert served.ask(path, token=token).status == 403
    own = {"Origin": f"http://127.0.0.1:{served.port}"}
    assert served.ask("/api/course", headers=own).status == 200


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="no /proc: sockets can't be seen")
def test_it_listens_on_this_machine_alone(served: Served) -> None:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A"]
    assert [each for each in listening if each.endswith(f":{served.port:04X}")] == [
        f"0100007F:{served.port:04X}"
    ]


def test_no_script_of_anyone_else_runs(served: Served) -> None:
    reply = served.ask("/")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert b"<script>" not in reply.body
    assert b"http:" not in reply.body and b"https:" not in reply.body
    assert reply.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "name",
    ["../__init__.py", "..%2f__init__.py", "%2e%2e/__init__.py", "__init__.py", "/etc/passwd"],
)
def test_only_what_is_built_lies_among_the_assets(served: Served, name: str) -> None:
    assert served.ask(f"/assets/{name}").status == 404


def test_only_what_a_reading_works_is_an_example(served: Served) -> None:
    for name in ("loss.py", "../course.toml", "/etc/passwd", "", "loss.toml"):
        reply = served.ask(f"/api/example?lesson=6-backprop-ninja&file={name}")
        assert reply.status == 404


@pytest.mark.parametrize(
    "document", ["../w2/loss", "6-backprop-ninja/../loss", "/etc/passwd", "", "a\0b", "nothing"]
)
def test_only_exercises_are_files(served: Served, document: str) -> None:
    for path in ("/api/open", "/api/reset", "/api/hint", "/api/solution", "/api/check"):
        assert served.ask(path, {"document": document}).status == 404
    body = {"document": document, "text": "x", "base": ""}
    assert served.ask("/api/save", body).status == 404


def test_a_link_out_of_the_folder_is_not_followed(
    served: Served, loss: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.py"
    secret.write_text("secret")
    loss.unlink()
    loss.symlink_to(secret)
    try:
        for path, body in (
            ("/api/open", {"document": LOSS}),
            ("/api/reset", {"document": LOSS}),
            ("/api/save", {"document": LOSS, "text": "x", "base": ""}),
        ):
            reply = served.ask(path, body)
            assert reply.status == 422
            assert "leads out" in reply.json["error"]
        time.sleep(0.5)
        with served.events(LOSS) as events:
            assert "secret" not in next(v["text"] for n, v in events if n == "text")
        assert secret.read_text() == "secret"
    finally:
        loss.unlink()


def test_links_in_a_circle_are_said_and_kill_nothing(served: Served, loss: Path) -> None:
    loss.unlink()
    loss.symlink_to(loss)
    try:
        reply = served.ask("/api/open", {"document": LOSS})
        assert (reply.status, "leads nowhere" in reply.json["error"]) == (422, True)
        time.sleep(0.5)
        assert served.ask("/api/course").status == 200
    finally:
        loss.unlink()


def test_a_file_that_is_gone_is_said_and_written_anew(served: Served, loss: Path) -> None:
    text, base = loss.read_text(), digest(served)
    loss.unlink()
    with served.events(LOSS) as events:
        said = next(value for name, value in events if name == "trouble" and value)
    assert said == "loss.py is gone from its folder; to go on typing writes it anew."
    assert save(served, text + "# on\n", base)[0] == 200
    assert loss.read_text() == text + "# on\n"


def test_the_same_address_after_a_kill(tmp_path: Path) -> None:
    start = ("learn", str(tmp_path / "w"), "--web", "--course", str(PRACTICE))
    with Served(*start) as first:
        first.ask("/api/open", {"document": LOSS})
    with Served(*start) as second:
        assert second.url == first.url
        assert second.interrupt() == (130, "")
    assert (tmp_path / "w/.byhand.page").stat().st_mode & 0o777 == 0o600


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run_byhand("learn", "w", "--web", "--no-open", "--port", str(port), cwd=tmp_path)
    said = f"port {port} is taken: choose another with --port, or leave it out\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
