"""How often the check names the right line and the right mistake.

python -m benchmarks.mistakes --seeds report --json mistakes.json
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from .collect import Case, by_name, collect
from .planted import in_styles
from .source import ROOT

sys.path.insert(0, str(ROOT / "src"))


STYLES = "styles"
"""Stands for the problems that are drawn at random."""


@dataclass(frozen=True)
class Outcome:
    case: Case
    ok: bool
    roots: tuple[str, ...]
    codes: tuple[str, ...]
    seconds: float
    failure: str = ""

    @property
    def right_roots(self) -> bool:
        return set(self.roots) == set(self.case.roots)

    @property
    def right_code(self) -> bool:
        """Whether every root that was found is explained by something true of it."""
        true = {code for codes in self.case.codes for code in codes}
        return bool(self.codes) and all(code in true for code in self.codes)


def examine(case: Case) -> Outcome:
    """Runs the check as a user would, on a file."""
    from byhand.checking.check import check
    from byhand.program.problem import load

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{case.problem}.py"
        file.write_text(case.text)
        start = time.process_time()
        try:
            report = check(load(file))
        except Exception as error:
            return Outcome(case, False, (), (), time.process_time() - start, repr(error))
        seconds = time.process_time() - start
    codes = [
        row.mistake.code if row.mistake else row.verdict
        for row in report.rows
        if row.name in report.roots and (row.mistake or not row.right)
    ]
    codes = [c for c in codes if c != "inherited"]
    return Outcome(
        case, report.ok and not report.roots, report.roots, tuple(dict.fromkeys(codes)), seconds
    )


def work(task: tuple[str, str, int, int, int]) -> dict[str, list[Outcome]]:
    name, seeds, singles, pairs, variants = task
    if name == STYLES:
        cases = in_styles(seeds, singles, variants)
    else:
        cases = collect(by_name()[name], seeds, singles, pairs, variants)
    return {group: [examine(case) for case in found] for group, found in cases.items()}


def run(
    seeds: str, singles: int, pairs: int, variants: int, problems: Sequence[str], workers: int
) -> dict[str, list[Outcome]]:
    names = list(problems or by_name())
    heavy = sorted(names, key=lambda n: -len(by_name()[n].text))
    share = [
        (n, seeds, singles // len(names) + 1, pairs // len(names) + 1, variants // len(names) + 1)
        for n in heavy
    ]
    if not problems:  # a seventh of all
        share.append((STYLES, seeds, singles // 7, 0, variants // 7))
    found: dict[str, list[Outcome]] = {"single": [], "pair": [], "right": []}
    results = map(work, share) if workers == 1 else ProcessPoolExecutor(workers).map(work, share)
    for each in results:
        for group, outcomes in each.items():
            found[group] += outcomes
    return found


def figures(found: dict[str, list[Outcome]]) -> dict[str, float]:
    def percent(right: int, of: int) -> float:
        return round(100 * right / of, 2) if of else float("nan")

    single, pair, right = found["single"], found["pair"], found["right"]
    times = sorted(o.seconds for o in single) or [0.0]
    return {
        "singles": len(single),
        "root right %": percent(sum(o.right_roots for o in single), len(single)),
        "code right %": percent(sum(o.right_code for o in single), len(single)),
        "pairs": len(pair),
        "both roots right %": percent(sum(o.right_roots for o in pair), len(pair)),
        "correct variants": len(right),
        "alarms": sum(not o.ok for o in right),
        "median ms of CPU": round(1e3 * times[len(times) // 2], 1),
        "slowest ms of CPU": round(1e3 * times[-1], 1),
    }


def confusion(outcomes: Sequence[Outcome]) -> str:
    """How often each kind of edit was given each code; a star for codes that aren't true of it."""
    lines: list[str] = []
    for kind in sorted({o.case.kind for o in outcomes}):
        mine = [o for o in outcomes if o.case.kind == kind]
        said = Counter(
            (" + ".join(o.codes) or "nothing") + ("" if o.right_code else "*") for o in mine
        )
        listed = ", ".join(f"{code} {n}" for code, n in said.most_common())
        roots = sum(o.right_roots for o in mine)
        lines.append(f"{kind:22s} {len(mine):4d}  roots {roots:4d}  {listed}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mistakes", description=__doc__)
    parser.add_argument("--seeds", choices=["dev", "report"], default="dev")
    parser.add_argument("--singles", type=int, default=1200)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--variants", type=int, default=600)
    parser.add_argument("--problems", nargs="*", default=[], help="only these, by name")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--misses", action="store_true", help="also list what went wrong")
    given = parser.parse_args()
    start = time.perf_counter()
    found = run(
        given.seeds, given.singles, given.pairs, given.variants, given.problems, given.workers
    )
    said = {**figures(found), "seconds": round(time.perf_counter() - start, 1)}
    print(confusion(found["single"]))
    print()
    for name, value in said.items():
        print(f"{name:22s} {value:g}")
    if given.misses:
        _list_misses(found)
    if given.json:
        rows = [_as_json(group, o) for group, outcomes in found.items() for o in outcomes]
        Path(given.json).write_text(json.dumps({"figures": said, "cases": rows}, indent=1))


def _as_json(group: str, o: Outcome) -> dict[str, object]:
    return {
        "group": group,
        "problem": o.case.problem,
        "kind": o.case.kind,
        "label": o.case.label,
        "roots": o.case.roots,
        "codes": o.case.codes,
        "said_roots": o.roots,
        "said_codes": o.codes,
        "ms": round(1e3 * o.seconds, 2),
    }


def _list_misses(found: dict[str, list[Outcome]]) -> None:
    for group, outcomes in found.items():
        for o in outcomes:
            good = o.ok if group == "right" else o.right_roots and (group == "pair" or o.right_code)
            if not good:
                print(f"\n{group} {o.case.label}")
                print(f"   true {o.case.roots} {o.case.codes}")
                print(f"   said {o.roots} {o.codes} {o.failure}")


if __name__ == "__main__":
    sys.exit(main())
