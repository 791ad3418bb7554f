"""What a process in the sandbox can reach, and what holds where something is missing."""

from __future__ import annotations

import pickle
import platform
import sys
import wsgiref
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from handing_in import RIGHT, SANDBOXES, with_backward, write_course

from byhand.course.course import load_course
from byhand.course.grading import confine, sandbox, sandbox_bundle, seccomp
from byhand.course.grading.confine import Limits
from byhand.course.grading.conversation import SandboxError
from byhand.course.grading.exam import exam_of
from byhand.course.grading.outputs import places
from byhand.course.grading.sandbox import Kind, find
from byhand.course.grading.worker import Outcome, Task, grade

CHANGING = """
    fork vfork clone clone3 execve execveat kill tkill tgkill ptrace socket connect bind sendto
    ioctl unlink unlinkat rename mkdir chmod fchmod fchown truncate ftruncate mount unshare setns
    bpf io_uring_setup memfd_create process_vm_readv process_vm_writev pidfd_send_signal setpriority
    sched_setaffinity prctl seccomp
"""

LINUX = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="only Linux has all layers",
)


def graded(tmp_path: Path, source: str, kind: Kind, *hidden: Path) -> Outcome:
    (exercise,) = load_course(write_course(tmp_path / "course")).exercises
    places = tuple(str(path) for path in hidden)
    limits = Limits(seconds=5)
    return grade(
        Task("ann", exam_of(exercise, "a"), source.encode(), "", limits, kind, hidden=places)
    )


@LINUX
@pytest.mark.parametrize("kind", SANDBOXES)
def test_every_layer_holds_here(kind: Kind) -> None:
    layers = find(kind).words.split(" + ")
    assert layers[-1] == "seccomp" and "memory" in layers
    assert layers[0] == "bubblewrap" or "landlock" in layers
    assert find(kind).lacks == ()


@pytest.mark.parametrize("kind", SANDBOXES)
def test_a_folder_among_pythons_own_can_be_hidden(tmp_path: Path, kind: Kind) -> None:
    """A course, or byhand itself, may be installed beside NumPy."""
    folder = Path(wsgiref.__file__).parent
    assert folder.is_relative_to(sys.base_prefix)
    read = f"open({str(folder / 'util.py')!r}).read()"
    source = with_backward("dy = np.cos(y)\ndx = 2 * x * dy", before=f"{read}\n")
    assert graded(tmp_path / "a", source, kind).points == 2
    hidden = graded(tmp_path / "b", source, kind, folder)
    assert hidden.points == 0 and "Error" in str(hidden.reason)


@pytest.mark.parametrize("kind", SANDBOXES)
def test_results_are_hidden_where_they_will_be(kind: Kind) -> None:
    """Below Python's prefix, whether they are there already or come while others are graded."""
    with TemporaryDirectory(dir=sys.prefix) as folder:
        out = Path(folder, "r.csv")
        Path(folder, "r.json").write_text("{}")
        Path(folder, ".r.json.12345678").write_text("{}")
        Path(folder, "other").write_text("")
        Path(folder, "link").symlink_to("r.json")
        sandbox = find(kind, tuple(map(str, places(out))))
        for place in places(out):
            place.write_text("secret")
        tried = [*places(out), Path(folder, "link"), Path(folder, "other")]
        reads = "".join(
            f"try: found.append(open({str(place)!r}).read())\nexcept OSError: pass\n"
            for place in tried
        )
        source = with_backward(
            "dy = np.cos(y)\ndx = 2 * x * dy", before=f"found = []\n{reads}assert found == ['']\n"
        )
        (exercise,) = load_course(write_course(Path(folder) / "course")).exercises
        task = Task("ann", exam_of(exercise, "a"), source.encode(), "", Limits(), kind)
        outcome = grade(replace(task, hidden=tuple(map(str, places(out)))))
        assert outcome.points == 2, outcome.reason
        assert sandbox is find(kind, tuple(map(str, places(out))))


def test_no_module_of_byhand_is_a_file_there(tmp_path: Path) -> None:
    before = """
import sys
import byhand.checking.running.recorder
for name, module in sys.modules.items():
    if name.startswith("byhand"):
        assert not getattr(module, "__file__", None) or name == "byhand_problem_sine", name
assert not [name for name in sys.modules if "engine" in name or "referees.engine" in name]
"""
    source = with_backward("dy = np.cos(y)\ndx = 2 * x * dy", before=before)
    assert graded(tmp_path, source, "plain").points == 2


def test_the_kit_holds_no_engine_and_no_model() -> None:
    _, running = pickle.loads(sandbox_bundle.for_running())
    _, advising = pickle.loads(sandbox_bundle.for_advising())
    assert not [name for name in running if "engine" in name or "mistakes" in name]
    for modules in (running, advising):
        assert not [name for name in modules if "lessons" in name or "faces" in name]
        assert {n for n in modules if "zoo" in n} == {"byhand.zoo", "byhand.zoo.layers"}
        assert "byhand.course.grading.exam" not in modules


def test_a_process_that_cannot_start_is_nobodys_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_boot", lambda: "raise SystemExit('no room left')")
    with pytest.raises(SandboxError, match="no room left"):
        graded(tmp_path, RIGHT, "plain")


def test_layers_that_are_missing_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that has none of them."""
    codes = dict(pickle.loads(sandbox_bundle.for_running())[1])
    for name in ("seccomp", "landlock"):
        module = f"byhand.course.grading.{name}"
        codes[module] = sandbox_bundle.code_of(b"def restrict(*_): return False", module)
    none = pickle.dumps((sandbox_bundle.MAIN, codes))
    monkeypatch.setattr(sandbox_bundle, "for_running", lambda: none)
    find.cache_clear()
    try:
        found = find("plain")
    finally:
        find.cache_clear()
    assert "seccomp" not in found.words
    said = " ".join(found.lacks)
    for word in ("can read what you can read", "processes aren't limited", "network"):
        assert word in said


@LINUX
def test_calls_that_change_something_are_not_on_the_list() -> None:
    names = set(seccomp.calls())
    assert {"read", "write", "mmap", "exit_group"} <= names
    assert not names & set(CHANGING.split())


def test_limits_say_how_long_a_sleeper_may_sleep() -> None:
    assert confine.Limits(seconds=2).wall == 15
