"""What reads a gradient too early is a root, also where something else is wrong as well."""

from __future__ import annotations

from pathlib import Path

import pytest
from verdicts import Checked

MLP = (Path(__file__).parents[2] / "src/byhand/zoo/mlp.py").read_text(encoding="utf-8")
HPREBN = "dhprebn = dbndiff + dbnmeani / n"
EMBCAT = "dembcat = dhprebn @ W1.T"
OTHERS = {
    "bnvar": ("dbnvar = -0.5 *", "dbnvar = 0.5 *", "sign"),
    "bnvar_inv": ("(dbnraw * bndiff).sum(axis=0", "(dbnraw * bndiff).sum(axis=-1", "wrong-axis"),
    "logits": ("dlogits = dnorm_logits.copy()", "dlogits = dcounts.copy()", "wrong-upstream"),
    "h": ("dh = dlogits @ W2.T", "dh = 2 * dlogits @ W2.T", "factor"),
}


def _early() -> str:
    """The lecture's backward, where dembcat reads dhprebn before its second share is there."""
    line = next(line for line in MLP.splitlines() if line.strip().startswith(HPREBN))
    source = MLP.replace(line, "    dhprebn = dbndiff.copy()")
    assert source.count(EMBCAT) == 1
    return source.replace(EMBCAT, f"{EMBCAT}\n    dhprebn += dbnmeani / n")


def test_alone(checked: Checked) -> None:
    report = checked(_early())
    assert report.roots == ("embcat",)


@pytest.mark.parametrize("name", OTHERS)
def test_beside_another_mistake(checked: Checked, name: str) -> None:
    right, wrong, code = OTHERS[name]
    assert MLP.count(right) == 1
    report = checked(_early().replace(right, wrong))
    assert set(report.roots) == {name, "embcat"}
    codes = {row.name: row.mistake.code for row in report.rows if row.mistake}
    assert codes == {name: code, "embcat": "used-too-early"}


def test_what_is_complete_by_then_is_not_read_too_early(checked: Checked) -> None:
    right, wrong, _ = OTHERS["bnvar"]
    source = MLP.replace(EMBCAT, f"{EMBCAT}\n    dhprebn += 0 * dbnmeani").replace(right, wrong)
    assert checked(source).roots == ("bnvar",)
