"""Grading on a Dask cluster: many machines, each with its own sandbox."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from byhand.errors import CourseError, in_one_line


@contextmanager
def cluster_executor(address: str) -> Generator[Executor]:
    """The cluster of the scheduler at `address`, such as tcp://10.0.0.1:8786, as an executor.

    Every machine of it needs this version of byhand. Raises CourseError if it can't be reached.
    """
    try:
        from dask.distributed import Client
    except ImportError:
        raise CourseError("--dask needs Dask: pip install 'byhand[dask]'") from None
    try:
        client: Any = Client(address, timeout=5, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CourseError(f"--dask {address}: can't be reached: {in_one_line(error)}") from error
    try:
        yield client.get_executor(retries=0, pure=False)
    finally:
        client.close()
