"""Walking lists, tuples, dicts and objects. The independent referee is `jax.tree`."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any, Generic, NamedTuple, TypeVar

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.values import tree
from byhand.values.tree import Attribute, Item

T = TypeVar("T")


class Pair(NamedTuple):
    first: Any
    second: Any


@dataclass
class Box:
    inside: Any
    beside: Any


@dataclass(frozen=True)
class Frozen:
    x: Any
    y: Any


class Layer:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Base(ABC, Generic[T]):
    @abstractmethod
    def forward(self) -> T: ...


class Derived(Base[int]):
    def __init__(self) -> None:
        self.W = 1.0

    def forward(self) -> int:
        return 1


class Slotted:
    __slots__ = ("a", "b", "unset")

    def __init__(self) -> None:
        self.a, self.b = 1, 2


class Colour(Enum):
    RED = 1


# JAX sorts the keys of a dict, so those of one kind come in order here.
KEYS = (
    st.lists(st.text(max_size=3), max_size=3, unique=True)
    | st.lists(st.integers(-3, 9), max_size=3, unique=True)
    | st.lists(st.tuples(st.integers(0, 3), st.text(max_size=2)), max_size=3, unique=True)
)


def dicts(children: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[Any, Any]]:
    def of(keys: list[Any]) -> st.SearchStrategy[dict[Any, Any]]:
        items = st.lists(children, min_size=len(keys), max_size=len(keys))
        return items.map(lambda each: dict(zip(sorted(keys), each, strict=True)))

    return KEYS.flatmap(of)


def trees(leaf: st.SearchStrategy[Any], *more: Any) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.lists(inner, max_size=3).map(tuple),
            dicts(inner),
            st.builds(Pair, inner, inner),
            *(st.builds(kind, inner, inner) for kind in more),
        ),
        max_leaves=12,
    )


LEAF = st.floats(allow_nan=False) | st.none() | st.just("text") | st.integers()
JAX_TREES = trees(LEAF)
ALL_TREES = trees(
    LEAF,
    Box,
    Frozen,
    lambda a, b: SimpleNamespace(a=a, b=b),
    lambda a, b: Layer(a=a, b=b),
    lambda a, b: defaultdict(int, {0: a, -1: b}),
)


def is_none(value: Any) -> bool:
    return value is None


@given(JAX_TREES)
def test_leaves_and_mapping_as_jax_has_them(value: Any) -> None:
    assert [leaf for _, leaf in tree.leaves(value)] == jax.tree.leaves(value, is_leaf=is_none)
    wrapped = jax.tree.map(lambda leaf: ("leaf", leaf), value, is_leaf=is_none)
    assert tree.map(lambda leaf: ("leaf", leaf), value) == wrapped


@given(JAX_TREES)
def test_paths_as_jax_has_them(value: Any) -> None:
    found, _ = jax.tree_util.tree_flatten_with_path(value, is_leaf=is_none)
    for (path, leaf), (keys, same) in zip(tree.leaves(value), found, strict=True):
        assert leaf is same
        assert len(path) == len(keys)
        for entry, key in zip(path, keys, strict=True):
            match entry:
                case Item(at):
                    assert at == getattr(key, "idx", getattr(key, "key", None))
                case Attribute(name):
                    assert name == key.name


@given(ALL_TREES)
def test_a_path_leads_to_its_leaf_as_text_too(value: Any) -> None:
    for path, leaf in tree.leaves(value):
        assert tree.get(value, path) is leaf
        said = tree.text("dx", path)
        assert eval(said, {"dx": value}) is leaf
        assert tree.parsed(said) == ("dx", path)
        assert tree.root(said) == "dx"


@given(ALL_TREES, st.data())
def test_what_is_put_is_there_and_nothing_else_is_changed(value: Any, data: st.DataObject) -> None:
    before = list(tree.leaves(value))
    if not before:
        return
    path, _ = data.draw(st.sampled_from(before))
    new = object()
    changed = tree.put(tree.map(lambda leaf: leaf, value), path, new)
    after = list(tree.leaves(changed))
    assert [p for p, _ in after] == [p for p, _ in before]
    for (where, was), (_, now) in zip(before, after, strict=True):
        assert now is (new if where == path else was)


@given(ALL_TREES)
def test_a_mapped_tree_is_another_of_the_same_form(value: Any) -> None:
    mapped = tree.map(lambda leaf: leaf, value)
    assert list(map(repr, tree.leaves(mapped))) == list(map(repr, tree.leaves(value)))
    assert type(mapped) is type(value)
    for (_, one), (_, other) in zip(_containers(value), _containers(mapped), strict=True):
        assert type(one) is type(other)
        assert one is not other or isinstance(one, tuple)


def _containers(value: Any) -> list[tuple[int, Any]]:
    if not tree.is_container(value):
        return []
    inner = tree.children(value) or []
    return [(id(value), value), *(c for _, each in inner for c in _containers(each))]


def test_put_changes_in_place_what_can_be_changed() -> None:
    row = [1, 2]
    held = {"a": row, "b": (row, 3)}
    assert tree.put(held, (Item("a"), Item(0)), 9) is held
    assert held["a"] is row and row == [9, 2]
    tree.put(held, (Item("b"), Item(1)), 4)
    assert held["b"] == (row, 4) and held["b"][0] is row
    pair = Pair(1, 2)
    assert tree.put(pair, (Attribute("second"),), 3) == Pair(1, 3) and pair == Pair(1, 2)
    frozen = Frozen(1, [2])
    assert tree.put(frozen, (Attribute("x"),), 3) == Frozen(3, [2]) and frozen.x == 1
    assert tree.put(frozen, (Attribute("y"), Item(0)), 5) is frozen and frozen.y == [5]
    box = Box(1, 2)
    assert tree.put(box, (Attribute("inside"),), 3) is box and box == Box(3, 2)
    array = np.zeros((2, 3))
    assert tree.put([array], (Item(0), Item(1)), np.ones(3))[0] is array and array.sum() == 3


def test_put_takes_a_new_key_and_refuses_a_place_that_is_not_there() -> None:
    assert tree.put({}, (Item(3),), "x") == {3: "x"}
    for value, path in [
        ([1], (Item(1),)),
        ((1,), (Item(1),)),
        ({}, (Item("a"), Item(0))),
        (None, (Item(0),)),
        (Pair(1, 2), (Attribute("third"), Item(0))),
    ]:
        with pytest.raises((LookupError, TypeError, AttributeError)):
            tree.put(value, path, 0)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("hs[2]", (Item(2),)),
        ("hs[-1]", (Item(-1),)),
        ('grads["W1"]', (Item("W1"),)),
        ('grads["a\\"b"][0]', (Item('a"b'), Item(0))),
        ('grads["W", 1]', (Item(("W", 1)),)),
        ("grads[1,]", (Item((1,)),)),
        ("grads[()]", (Item(()),)),
        ("grads[(1, 2), 3]", (Item(((1, 2), 3)),)),
        ("grads[True]", (Item(True),)),
        ("self.x", (Attribute("x"),)),
        ("p.layers[0].W", (Attribute("layers"), Item(0), Attribute("W"))),
    ],
)
def test_text(text: str, path: tree.Path) -> None:
    name = text[: min(i for i in (text.find("["), text.find(".")) if i > 0)]
    assert tree.text(name, path) == text
    assert tree.parsed(text) == (name, path)
    assert tree.root(text) == name


def test_numbers_of_numpy_are_written_as_numbers() -> None:
    assert tree.text("d", (Item(np.int64(-1)),)) == "d[-1]"


@pytest.mark.parametrize("text", ["", "f(x)", "a[b]", "hs[1:2]", "a +", "d[<Colour.RED: 1>]"])
def test_a_text_that_is_no_path(text: str) -> None:
    with pytest.raises(ValueError):
        tree.parsed(text)


def test_how_an_index_is_said() -> None:
    assert tree.entry([1, 2, 3], -1) == Item(2)
    assert tree.entry((1, 2), np.int64(0)) == Item(0)
    assert tree.entry(Pair(1, 2), 1) == Attribute("second")
    assert tree.entry({-1: 0}, -1) == Item(-1)
    assert tree.entry({}, "new") == Item("new")
    for value, key in [([1], 1), ([1], slice(0, 1)), ({}, [0]), (np.ones(3), 0), (None, 0)]:
        assert tree.entry(value, key) is None


def test_objects_of_the_user_are_trees_and_others_leaves() -> None:
    assert dict(tree.named("l", Layer(W=1, b=[2]))) == {"l.W": 1, "l.b[0]": 2}
    assert dict(tree.named("l", Derived())) == {"l.W": 1.0}
    assert dict(tree.named("s", Slotted())) == {"s.a": 1, "s.b": 2}
    others = [
        *(np.ones(2), np.float64(1), np.random.default_rng(0), np, len, Layer, Layer.__init__),
        *(Colour.RED, ValueError("x"), range(3), {1, 2}, iter([1]), jax.numpy.ones(2), lambda: 0),
    ]
    for value in others:
        ((path, leaf),) = tree.leaves(value)
        assert path == () and leaf is value


def test_shapes_of_pytorch_are_leaves() -> None:
    torch = pytest.importorskip("torch")
    shape = torch.ones(2, 3).shape
    assert list(tree.leaves(shape)) == [((), shape)]
    found = torch.ones(2, 3).max(1)
    mapped = tree.map(lambda leaf: leaf, found)
    assert type(mapped) is type(found) and mapped.values is found.values
    assert len(list(tree.leaves(torch.nn.Linear(2, 3)))) == 1


def test_subclasses_stay_what_they_are() -> None:
    class Rows(list[Any]):
        pass

    kept = tree.map(lambda leaf: leaf + 1, defaultdict(list, {"a": 1}))
    assert kept == {"a": 2} and kept["new"] == []
    assert type(tree.map(lambda leaf: leaf, OrderedDict(a=1))) is OrderedDict
    rows = tree.map(lambda leaf: leaf + 2, Rows([1, 2]))
    assert type(rows) is Rows and rows == [3, 4]


def test_what_is_shared_stays_shared() -> None:
    row = [1.0]
    new = tree.map(lambda leaf: leaf, {"a": row, "b": [row]})
    assert new["a"] is new["b"][0] and new["a"] is not row


def test_what_functions_and_sets_hold_is_mapped_with_the_rest() -> None:
    node, other = Layer(x=1.0), Layer(x=2.0)
    count = 0

    def add(more: float, *, times: int = 1) -> float:
        nonlocal count
        count += 1
        node.x += times * more  # type: ignore[attr-defined]
        return node.x + other.x + again()  # type: ignore[attr-defined]

    def again() -> float:
        return node.x  # type: ignore[attr-defined]

    node.add, node.later, node.beside = add, node.__init__, {other}  # type: ignore[attr-defined, misc]
    new = tree.map_throughout(lambda leaf: leaf * 10 if isinstance(leaf, float) else leaf, node)
    assert new.add(1.0, times=2) == 12.0 + 20.0 + 12.0
    assert (new.x, node.x) == (12.0, 1.0)  # type: ignore[attr-defined]
    assert (new.add(0.0), count) == (44.0, 0)
    assert new.later.__self__ is new
    (beside,) = new.beside
    assert (beside.x, beside is other) == (20.0, False)
    assert new.add.__closure__ != add.__closure__ and tree.map_throughout(abs, -1.0) == 1.0


def test_a_function_without_containers_stays_itself() -> None:
    x = np.ones(2)

    def f() -> Any:
        return x

    assert tree.map_throughout(lambda leaf: leaf, [f, abs]) == [f, abs]


def test_a_container_within_itself_ends() -> None:
    ring: list[Any] = [1.0]
    ring.append((ring, 2.0))
    layer = Layer(W=3.0)
    layer.owner = layer  # type: ignore[attr-defined]
    assert dict(tree.named("r", [ring, layer])) == {"r[0][0]": 1.0, "r[0][1][1]": 2.0, "r[1].W": 3}
    new = tree.map(lambda leaf: leaf + 1, ring)
    assert new[0] == 2.0 and new[1][0] is new and new[1][1] == 3.0
    assert tree.map(lambda leaf: leaf, layer).owner.W == 3.0


@dataclass
class WithDefault:
    W: Any
    history: list[Any] = field(default_factory=list)


def test_a_dataclass_keeps_what_it_holds() -> None:
    new = tree.map(lambda leaf: leaf * 2, WithDefault(1, [2]))
    assert new == WithDefault(2, [4])


def test_a_class_of_what_is_run_is_the_users_whatever_runs_it(monkeypatch: pytest.MonkeyPatch):
    """As in a notebook, whose kernel is an installed package."""
    cls = type("Layer", (), {"__module__": "__main__"})
    monkeypatch.setattr(sys.modules["__main__"], "__file__", pytest.__file__, raising=False)
    layer = cls()
    layer.W = 2.0
    assert [leaf for _, leaf in tree.leaves(layer)] == [2.0]
