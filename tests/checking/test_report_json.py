"""The JSON of `byhand check`, to the letter of the surface that scripts rely on."""

from __future__ import annotations

import json
import re
from typing import ClassVar

import numpy as np
import pytest
from edited import line
from verdicts import Checked


class TestJson:
    """To the letter of the surface that scripts rely on."""

    ROW: ClassVar[dict[str, tuple[type, ...]]] = {
        "name": (str,),
        "line": (int, type(None)),
        "shape": (list, type(None)),
        "expected_shape": (list, type(None)),
        "verdict": (str,),
        "max_error": (float, type(None)),
        "tolerance": (float, type(None)),
        "ulps": (float, type(None)),
        "at": (dict, type(None)),
        "note": (str, type(None)),
        "mistake": (dict, type(None)),
    }
    PART = ("line", "column", "end_line", "end_column")
    REPORT: ClassVar[dict[str, tuple[type, ...]]] = {
        "ok": (bool,),
        "file": (str,),
        "referee": (str,),
        "dtype": (str,),
        "seconds": (float,),
        "roots": (list,),
        "notes": (list,),
        "findings": (list,),
        "rows": (list,),
        "program": (list,),
    }
    VERDICTS = frozenset(
        "exact rounding inherited wrong missing shape nonfinite error".split()  # noqa: SIM905
    )
    PROBLEMS = (
        line(),
        line(("dh = np.zeros_like(h)", "dh = np.zeros(len(h))")),
        line(("dW = x.T @ dpre", "dW = x.T @ dpre * np.nan")),
        line(("db = dpre.sum(0)", "db = dpre.sum(0) * 6 / n")),
        line(("db = dpre.sum(0)", "db = dpre.sum(0) / 0")),
        line(("    dx = dpre @ W.T\n", ""), ("dW = x.T @ dpre", "dW = x @ dpre")),
        line(("picked * picked", "picked * 1e300 * picked")),
    )

    @pytest.mark.parametrize("source", PROBLEMS)
    def test_keys_and_types(self, checked: Checked, source: str) -> None:
        with np.errstate(all="ignore"):
            report = checked(source)
        found = json.loads(report.to_json(), parse_constant=pytest.fail)
        assert {key: type(value) for key, value in found.items()}.keys() == self.REPORT.keys()
        assert list(found) == list(self.REPORT)
        for key, value in found.items():
            assert isinstance(value, self.REPORT[key]), key
        assert all(type(name) is str for name in [*found["roots"], *found["notes"]])
        for row in found["rows"]:
            assert "mismatch" not in row or row["verdict"] in ("wrong", "inherited")
            row.pop("mismatch", None)
            part = row.pop("part", None)
            assert part is None or all(type(part[key]) is int for key in self.PART)
            assert list(row) == list(self.ROW)
            for key, value in row.items():
                assert type(value) in self.ROW[key], (key, value)
            assert row["verdict"] in self.VERDICTS
            for shape in (row["shape"], row["expected_shape"]):
                assert shape is None or all(type(n) is int for n in shape)
            if row["mistake"] is not None:
                assert list(row["mistake"]) == ["code", "message"]
                assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row["mistake"]["code"])
                assert row["name"] in found["roots"]
            if row["at"] is not None:
                assert all(type(size) is int for size in row["at"].values())
        assert found["ok"] == all(row["verdict"] in ("exact", "rounding") for row in found["rows"])

    def test_infinity_is_null(self, checked: Checked) -> None:
        with np.errstate(all="ignore"):
            report = checked(line(("dW = x.T @ dpre", "dW = x.T @ dpre * np.nan")))
        (row,) = [row for row in json.loads(report.to_json())["rows"] if row["name"] == "W"]
        assert row["verdict"] == "nonfinite"
        assert (row["max_error"], row["ulps"]) == (None, None)
        # Where no rounding is possible at all, an error is infinitely many units of it.
        report = checked(line(("dh[np.arange(n), y] = dpicked", "dh += 1e300")))
        assert report["h"].ulps == np.inf
        (row,) = [row for row in json.loads(report.to_json())["rows"] if row["name"] == "h"]
        assert (row["verdict"], row["max_error"], row["ulps"]) == ("wrong", 1e300, None)
