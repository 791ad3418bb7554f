"""byhand.torch.check and byhand.jax.check beside gradcheck, opcheck and check_grads.

The same kernels, right and with mistakes planted in them (`tests/kernels`), by each, in one run.
"""

from __future__ import annotations

import argparse
import inspect
import itertools
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import byhand.torch

from . import ROOT

KERNELS = Path(__file__).parent.parent / "tests" / "kernels"
sys.path.insert(0, str(KERNELS))

from kernel_cases import NAMES, Kernel, kernel, operator  # noqa: E402
from kernel_mistakes import MISTAKES, VJP_MISTAKES, Mistake  # noqa: E402


@dataclass(frozen=True)
class Verdict:
    """What one tool said of one kernel (`mistake` 0 is the right one) in how many CPU seconds.

    `line` says whether the line that was changed was named, `near` whether one that reads it was.
    """

    tool: str
    form: str
    name: str
    mistake: int
    passed: bool
    seconds: float
    line: bool = False
    near: bool = False


def timed(judge: Callable[[], bool]) -> tuple[bool, float]:
    start = time.process_time()
    try:
        passed = judge()
    except Exception:  # each of them says by raising that something is wrong
        passed = False
    return passed, time.process_time() - start


def by_byhand(case: Kernel, mistake: Mistake | None, right: Kernel, plain: bool) -> Any:
    options = {"layouts": False, "edges": False, "repeats": 1} if plain else {}
    start = time.process_time()
    report = byhand.torch.check(case.kind, case.inputs, reference=case.reference, **options)
    return _with_line(report, time.process_time() - start, mistake, right)


def _with_line(report: Any, seconds: float, mistake: Mistake | None, right: Kernel) -> Any:
    if mistake is None or report.ok:
        return report.ok, seconds, False, False
    blamed = {row.line for row in report.rows if row.name in report.roots}
    changed = mistake.line(right.source)
    return False, seconds, changed in blamed, bool(blamed) and blamed <= mistake.lines(right.source)


def as_gradcheck_takes(case: Kernel, given: dict[str, Any]) -> tuple[Any, list[Any]]:
    """A call and its leaves, in float64: on clones, since some write into what they are given."""
    values = list(given.values())
    flags = [torch.is_tensor(v) and v.is_floating_point() for v in values]
    leaves = [
        v.clone().requires_grad_() if flag else v for v, flag in zip(values, flags, strict=True)
    ]

    def call(*values: Any) -> Any:
        taken = [v.clone() if torch.is_tensor(v) else v for v in values]
        returned = case.call(*taken)
        outputs = returned if isinstance(returned, tuple) else (returned,)
        return tuple(out for out in outputs if out.requires_grad)

    # An input of which backward gives None is data, as byhand takes it.
    wanted = [v for v, flag in zip(leaves, flags, strict=True) if flag]
    outputs = call(*leaves)
    grads = torch.autograd.grad([o.sum() for o in outputs], wanted, allow_unused=True)
    for leaf, grad in zip(wanted, grads, strict=True):
        leaf.requires_grad_(grad is not None)
    return call, leaves


def by_gradcheck(case: Kernel, fast: bool) -> bool:
    return torch.autograd.gradcheck(*as_gradcheck_takes(case, case.given()), fast_mode=fast)


def by_opcheck(case: Kernel) -> bool:
    given = [
        v.clone().requires_grad_() if torch.is_tensor(v) and v.is_floating_point() else v
        for v in case.given().values()
    ]
    tests = ("test_schema", "test_autograd_registration")  # the others ask for a fake kernel
    torch.library.opcheck(case.kind, given, test_utils=tests)
    return True


def by_check_grads(case: Kernel) -> bool:
    import jax
    from jax.test_util import check_grads

    with jax.enable_x64(True):
        given = case.inputs(np.random.default_rng(0))
        floats = [n for n, v in given.items() if getattr(v, "dtype", None) == np.float64]
        floats = [n for n in floats if n not in ("cos", "sin")]  # that are given no gradient

        def call(*values: Any) -> Any:
            return case.call(*{**given, **dict(zip(floats, values, strict=True))}.values())

        check_grads(call, [given[n] for n in floats], order=1, modes=["rev"])
    return True


def of_torch(names: list[str], right: bool) -> Iterator[Verdict]:
    for name in names:
        for form, made in (("Function", kernel), ("custom op", operator)):
            for number, mistake in enumerate([None, *(() if right else MISTAKES[name])]):
                case = made(name, mistake)
                found = by_byhand(case, mistake, made(name), plain=False)
                yield Verdict("byhand", form, name, number, *found)
                if form == "custom op":
                    yield Verdict(
                        "opcheck", form, name, number, *timed(lambda c=case: by_opcheck(c))
                    )
                    continue
                if mistake is None:
                    found = by_byhand(case, mistake, made(name), plain=True)
                    yield Verdict("byhand, plain", form, name, number, *found)
                for tool, fast in (("gradcheck, fast", True), ("gradcheck, slow", False)):
                    judged = timed(lambda c=case, f=fast: by_gradcheck(c, f))
                    yield Verdict(tool, form, name, number, *judged)


def of_jax(right: bool) -> Iterator[Verdict]:
    from vjp_cases import vjp

    import byhand.jax

    for name, mistakes in VJP_MISTAKES.items():
        for number, mistake in enumerate([None, *(() if right else mistakes)]):
            case = vjp(name, mistake)
            for _ in range(1 if mistake else 2):  # what JAX has compiled serves the second
                start = time.process_time()
                report = byhand.jax.check(case.kind, case.inputs, reference=case.reference)
                found = _with_line(report, time.process_time() - start, mistake, vjp(name))
                judged = timed(lambda c=case: by_check_grads(c))
            yield Verdict("byhand", "custom_vjp", name, number, *found)
            yield Verdict("check_grads", "custom_vjp", name, number, *judged)
        for tool in FIRST:
            command = [sys.executable, "-m", "benchmarks.kernels", "--first", tool, name]
            seconds = float(subprocess.check_output(command, cwd=ROOT, text=True))
            yield Verdict(f"{tool}, first", "custom_vjp", name, 0, True, seconds)


FIRST = ("byhand", "check_grads")


def first(tool: str, name: str) -> float:
    """CPU seconds of the first check of a right custom_vjp in this process, imports left out.

    Raises if it doesn't pass.
    """
    import jax.numpy as jnp
    from vjp_cases import vjp

    import byhand.jax

    case = vjp(name)
    jnp.ones(1).block_until_ready()  # starts JAX
    start = time.process_time()
    if tool == "byhand":
        passed = byhand.jax.check(case.kind, case.inputs, reference=case.reference).ok
    else:
        passed = by_check_grads(case)
    if not passed:
        raise SystemExit(f"{tool} refuses {name}")
    return time.process_time() - start


SIZES = (1, 3, 9)
"""Times the sizes of the tests."""

REPEATS = 5


def ratios(name: str) -> list[tuple[float, float]]:
    """CPU time of one plain comparison with a reference, and of one without, over that of fast
    gradcheck, at each of `SIZES`.

    All are called in turns, on the same tensors.
    """
    case = kernel(name)
    found: list[tuple[float, float]] = []
    for factor in SIZES:
        usual = inspect.signature(case.inputs).parameters.values()
        sizes = {p.name: factor * p.default for p in usual if p.default is not p.empty}
        given = case.given(**sizes)
        calls, leaves = as_gradcheck_takes(case, given)

        def plainly(reference: Any, given: Any = given) -> bool:
            once = {"layouts": False, "edges": False, "repeats": 1}
            return byhand.torch.check(case.kind, given, reference=reference, **once).ok

        ways = (
            lambda check=plainly: check(case.reference),
            lambda check=plainly: check(None),
            lambda c=calls, v=leaves: torch.autograd.gradcheck(c, v, fast_mode=True),
        )
        seconds = [[timed(way)[1] for way in ways] for _ in range(REPEATS + 1)][1:]
        mine, alone, theirs = np.median(seconds, axis=0)
        found.append((float(mine / theirs), float(alone / theirs)))
    return found


def table_of_sizes(names: list[str]) -> str:
    """A row for each kernel that gradcheck passes, and one for the largest of a column; in a cell
    first with a reference, then without.

    Where it doesn't, it finds all slopes to tell of them, which is no comparison.
    """
    head = " | ".join(f"sizes times {factor}" for factor in SIZES)
    rows: dict[str, list[tuple[float, float]]] = {}
    for name in names:
        if not timed(lambda n=name: by_gradcheck(kernel(n), True))[0]:
            continue
        rows[name] = ratios(name)
        print(name, file=sys.stderr)
    columns = zip(*rows.values(), strict=True)
    rows["at most"] = [
        (max(a for a, _ in each), max(b for _, b in each)) for each in map(list, columns)
    ]
    cells = [
        f"| {name} | {' | '.join(f'{a:.1f}, {b:.1f}' for a, b in row)} |"
        for name, row in rows.items()
    ]
    return "\n".join([f"| kernel | {head} |", "| --- | --- | --- | --- |", *cells])


def table(verdicts: list[Verdict]) -> str:
    """A row for each tool and form."""
    lines = [
        "| form | tool | right ones that pass | mistakes found | the line, or one that reads it "
        "| median time, right | median time, wrong |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    groups = dict.fromkeys((v.form, v.tool) for v in verdicts)
    for form, tool in groups:
        mine = [v for v in verdicts if (v.form, v.tool) == (form, tool)]
        right = [v for v in mine if v.mistake == 0]
        wrong = [v for v in mine if v.mistake]
        cells = [form, tool, f"{sum(v.passed for v in right)} of {len(right)}"]
        cells.append(f"{sum(not v.passed for v in wrong)} of {len(wrong)}" if wrong else "-")
        named = f"{sum(v.line for v in wrong)}, {sum(v.near and not v.line for v in wrong)}"
        cells.append(named if wrong and tool == "byhand" else "-")
        cells += [_median(right), _median(wrong) if wrong else "-"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _median(verdicts: list[Verdict]) -> str:
    return f"{1e3 * float(np.median([v.seconds for v in verdicts])):.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=list(NAMES), help="kernels, by name")
    parser.add_argument("--right", action="store_true", help="the right ones alone")
    parser.add_argument("--no-jax", action="store_true")
    parser.add_argument(
        "--sizes",
        action="store_true",
        help="one plain comparison over fast gradcheck, at three sizes, and nothing else",
    )
    parser.add_argument("--first", nargs=2, metavar=("TOOL", "NAME"), help=first.__doc__)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if given.first:
        print(first(*given.first))
        return
    by_byhand(kernel("swiglu"), None, kernel("swiglu"), plain=True)  # imports aren't timed
    if given.sizes:
        print(table_of_sizes(given.only))
        return
    verdicts: list[Verdict] = []
    for verdict in itertools.chain(
        of_torch(given.only, given.right), () if given.no_jax else of_jax(given.right)
    ):
        verdicts.append(verdict)
        if verdict.tool == "byhand" and not verdict.mistake:
            print(verdict.form, verdict.name, file=sys.stderr)
    print(table(verdicts))
    if given.json:
        given.json.write_text(json.dumps([asdict(v) for v in verdicts], indent=1) + "\n")


if __name__ == "__main__":
    main()
