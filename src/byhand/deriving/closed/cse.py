"""What several expressions compute alike, made one part of each."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from byhand.deriving.closed.expressions import Expr, Mul, Reduce, reached
from byhand.deriving.closed.factoring import Factoring

MOST_SHARED = 8
MOST_TRIED = 3


def total_cost(roots: list[Expr]) -> int:
    return sum(form.cost for form in reached(roots))


@dataclass
class Sharing:
    """Products that have two factors in common with others get these as one factor."""

    forms: Factoring

    def shared(self, roots: list[Expr]) -> list[Expr]:
        cost = total_cost(roots)
        for _ in range(MOST_SHARED):
            for pair in self.pairs(roots)[:MOST_TRIED]:
                done: dict[int, Expr] = {}
                tried = [self.rebuilt(root, pair, done) for root in roots]
                less = total_cost(tried)
                if less < cost:
                    roots, cost = tried, less
                    break
            else:
                break
        return self.nested(roots)

    def nested(self, roots: list[Expr]) -> list[Expr]:
        """A sum over more axes of what is summed over fewer anyway goes on from there."""
        sums: dict[int, list[Reduce]] = {}
        for form in reached(roots):
            if isinstance(form, Reduce):
                sums.setdefault(id(form.parts[0]), []).append(form)
        done: dict[int, Expr] = {}
        for found in sums.values():
            found.sort(key=lambda f: len(f.over))
            for i, less in enumerate(found):
                for more in found[i + 1 :]:
                    if set(less.over) < set(more.over) and id(more) not in done:
                        counts = {f: e for f, e in more.counts if (f, e) not in less.counts}
                        over = tuple(p for p in more.over if p not in less.over)
                        done[id(more)] = self.forms.sum_over(less, over, tuple(counts.items()))
        return [self.replaced(root, done) for root in roots] if done else roots

    def replaced(self, form: Expr, done: dict[int, Expr]) -> Expr:
        if id(form) not in done:
            parts = tuple(self.replaced(part, done) for part in form.parts)
            done[id(form)] = form if parts == form.parts else self.forms.again(form, parts)
        return done[id(form)]

    def pairs(self, roots: list[Expr]) -> list[tuple[Expr, Expr]]:
        """Two large factors that stand together in several products, the most first."""
        saved: Counter[tuple[Expr, Expr]] = Counter()
        for form in reached(roots):
            if not isinstance(form, Mul):
                continue
            parts = [part for part in form.parts[: form.above] if part.lengths]
            parts.sort(key=lambda part: part.number)
            for i, one in enumerate(parts):
                for other in parts[i + 1 :]:
                    if _size(one, other) == form.size:
                        saved[one, other] += form.size
        uses = Counter(part for form in reached(roots) for part in form.parts)

        def worth(pair: tuple[Expr, Expr]) -> tuple[int, int]:
            return saved[pair], uses[self.forms.product([(part, 1) for part in pair])]

        seen = [pair for pair, size in saved.items() if size > _size(*pair)]
        return sorted(seen, key=worth, reverse=True)

    def rebuilt(self, form: Expr, pair: tuple[Expr, Expr], done: dict[int, Expr]) -> Expr:
        found = done.get(id(form))
        if found is not None:
            return found
        parts = tuple(self.rebuilt(part, pair, done) for part in form.parts)
        new = form if parts == form.parts else self.forms.again(form, parts)
        if isinstance(new, Mul):
            above = list(new.parts[: new.above])
            whole = len(above) == 2 and new.above == len(new.parts)
            if not whole and all(any(p is f for f in above) for p in pair):
                joint = self.forms.product([(p, 1) for p in pair])
                rest = [f for f in above if f not in pair]
                new = self.forms.kept_product([*rest, joint], list(new.parts[new.above :]))
        done[id(form)] = new
        return new


def _size(one: Expr, other: Expr) -> int:
    """How large the product of two forms is."""
    return math.prod({**one.lengths, **other.lengths}.values())
