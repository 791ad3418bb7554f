"""Files as people write them who have never heard of byhand: right without alarm, mistakes in their
line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from exchanged import assert_blamed, exchanged

from byhand.checking.check import check
from byhand.checking.report import Report
from byhand.sources.load import sources
from sweeps import some

STRANGERS = Path(__file__).with_name("forms") / "strangers"
FOUND = {
    "autoencoder": ["Autoencoder"],
    "policy": ["Policy"],
    "windows": ["pool"],
    ("steps_in_time", "steps_in_time", "g = dt * a", "g = a"),
    ("as_many_inputs_as_rows", "as_many_inputs_as_rows", "dlogits /= N", "dlogits /= 2 * N"),
    ("as_many_inputs_as_rows", "as_many_inputs_as_rows", "0.02 * W1 / W1.numel()", "0.02 * W1"),
