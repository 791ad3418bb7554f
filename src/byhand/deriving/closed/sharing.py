"""What several expressions compute alike, made one part of each."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from byhand.deriving.closed.factoring import Forms
from byhand.deriving.closed.forms import Form, Product, Summed, reached

MOST_SHARED = 8
MOST_TRIED = 3


def total_cost(roots: list[Form]) -> int:
    return sum(form.cost for form in reached(roots))


@dataclass
class Sharing:
    """Products that have two factors in common with others get these as one factor."""

    forms: Forms

    def shared(self, roots: list[Form]) -> list[Form]:
        cost = total_cost(roots)
        for _ in range(MOST_SHARED):
            for pair in self.pairs(roots)[:MOST_TRIED]:
                done: dict[int, Form] = {}
                tried = [self.rebuilt(root, pair, done) for root in roots]
                less = total_cost(tried)
                if less < cost:
                    roots, cost = tried, less
                    break
            else:
                break
        return self.nested(roots)

    def nested(self, roots: list[Form]) -> list[Form]:
        """A sum over more axes of what is summed over fewer anyway goes on from there."""
        sums: dict[int, list[Summed]] = {}
        for form in reached(roots):
            if isinstance(form, Summed):
                sums.setdefault(id(form.parts[0]), []).append(form)
        done: dict[int, Form] = {}
        for found in sums.values():
            found.sort(key=lambda f: len(f.over))
            for i, less in enumerate(found):
                for more in found[i + 1 :]:
                    if set(less.over) < set(more.over) and id(more) not in done:
                        counts = {f: e for f, e in more.counts if (f, e) not in less.counts}
                        over = tuple(p for p in more.over if p not in less.over)
                        done[id(more)] = self.forms.sum_over(less, over, tuple(counts.items()))
        return [self.replaced(root, done) for root in roots] if done else roots

    def replaced(self, form: Form, done: dict[int, Form]) -> Form:
        if id(form) not in done:
            parts = tuple(self.replaced(part, done) for part in form.parts)
            done[id(form)] = form if parts == form.parts else self.forms.again(form, parts)
        return done[id(form)]

    def pairs(self, roots: list[Form]) -> list[tuple[Form, Form]]:
        """Two large factors that stand together in several products, the most first."""
        counts: Counter[tuple[int, int]] = Counter()
        forms: dict[int, Form] = {}
        for form in reached(roots):
            if not isinstance(form, Product):
                continue
            parts = [p for p in form.parts[: form.above] if p.lengths]
            forms |= {id(p): p for p in parts}
            ids = sorted(id(p) for p in parts)
            for i, one in enumerate(ids):
                for other in ids[i + 1 :]:
                    joint = {**forms[one].lengths, **forms[other].lengths}
                    if math.prod(joint.values()) == form.size:
                        counts[one, other] += form.size
        seen = [(n, pair) for pair, n in counts.items() if n > self.once(pair, forms)]
        if not seen:
            return []
        parents = Counter(id(part) for form in reached(roots) for part in form.parts)

        def uses(pair: tuple[int, int]) -> int:
            whole = self.forms.product([(forms[i], 1) for i in pair])
            return parents[id(whole)]

        seen.sort(key=lambda item: (item[0], uses(item[1])), reverse=True)
        return [(forms[first], forms[second]) for _, (first, second) in seen]

    def once(self, pair: tuple[int, int], forms: dict[int, Form]) -> int:
        joint = {**forms[pair[0]].lengths, **forms[pair[1]].lengths}
        return math.prod(joint.values())

    def rebuilt(self, form: Form, pair: tuple[Form, Form], done: dict[int, Form]) -> Form:
        found = done.get(id(form))
        if found is not None:
            return found
        parts = tuple(self.rebuilt(part, pair, done) for part in form.parts)
        new = form if parts == form.parts else self.forms.again(form, parts)
        if isinstance(new, Product):
            above = list(new.parts[: new.above])
            whole = len(above) == 2 and new.above == len(new.parts)
            if not whole and all(any(p is f for f in above) for p in pair):
                joint = self.forms.product([(p, 1) for p in pair])
                rest = [f for f in above if f not in pair]
                new = self.forms.kept_product([*rest, joint], list(new.parts[new.above :]))
        done[id(form)] = new
        return new
