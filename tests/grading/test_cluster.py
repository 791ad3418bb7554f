"""A Dask cluster of two workers, on this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from handing_in import RIGHT, hand_in, results, run_grade, with_backward, write_course

# Says where it is, and stays until its input is closed.
CLUSTER = """
import sys
from dask.distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    file = tmp_path / "cluster.py"
    file.write_text(CLUSTER)
    with subprocess.Popen(
        [sys.executable, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()
        process.wait(30)


@pytest.mark.long
def test_a_cluster_gives_the_same_marks(tmp_path: Path, scheduler: str) -> None:
    course, students = write_course(tmp_path / "course"), tmp_path / "students"
    out = tmp_path / "results.csv"
    sources = (RIGHT, with_backward("dy = -np.cos(y)\ndx = 2 * x * dy"), with_backward("pass"))
    for i in range(9):
        hand_in(students, f"student-{i}", sources[i % 3])
    hand_in(students, "exits", with_backward("dy = np.cos(y)", before="import os\nos._exit(0)\n"))
    arguments = (students, "--course", course, "--out", out)
    done = run_grade(*arguments, "--dask", scheduler)
    assert done.returncode == 0, done.stderr
    assert "10 files graded" in done.stdout
    points = {name: student["points"] for name, student in results(out).items()}
    assert points == {"exits": 0, **{f"student-{i}": (2, 1, 0)[i % 3] for i in range(9)}}
    on_cluster = out.with_suffix(".json").read_text()
    out.with_suffix(".json").unlink()
    # Here, with the same secret, nothing is left to do; and anew it comes to the same.
    assert "nothing has changed" in run_grade(*arguments).stdout
    assert "10 files graded" in run_grade(*arguments, "--timeout", "9").stdout
    assert out.with_suffix(".json").read_text() == on_cluster
