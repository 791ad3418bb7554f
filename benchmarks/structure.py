"""What the tree looks like to a newcomer: sizes, circles, words for two things, names of ops.

    python -m benchmarks.structure [--places] [ROOT]

`ROOT` is the checkout to measure, by default this one. `--places` lists every place that names an
op outside its record, as file:line.

Circles count every import, also those within functions, by name and for type checkers. A place
names an op where a string is the op's name, or where the constant of its record is used;
docstrings, the ops themselves, and problem files (which are NumPy code) don't count.
"""

from __future__ import annotations

import argparse
import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

from byhand import ops
from byhand.ops.op import Op

HERE = Path(__file__).parent.parent
PROBLEM_FILES = ("zoo", "lessons")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", type=Path, default=HERE)
    parser.add_argument("--places", action="store_true", help="list every op's name outside ops/")
    options = parser.parse_args()
    trees = parsed(options.root / "src" / "byhand")
    print_sizes(trees)
    print_circles(circles(imports(trees)))
    print_classes(classes(trees))
    print_ops(op_names(trees), options.places)


def parsed(package: Path) -> dict[Path, ast.Module]:
    """The tree of every module, by its path within the package."""
    return {
        path.relative_to(package): ast.parse(path.read_text())
        for path in sorted(package.rglob("*.py"))
    }


# Sizes.


def print_sizes(trees: Mapping[Path, ast.Module]) -> None:
    files: dict[str, int] = defaultdict(int)
    lines: dict[str, int] = defaultdict(int)
    for path, tree in trees.items():
        package = path.parts[0] if len(path.parts) > 1 else "(top)"
        files[package] += 1
        lines[package] += max((node.end_lineno or 0 for node in tree.body), default=0)
    print("package         files  lines")
    for package in sorted(files):
        print(f"{package:15} {files[package]:5} {lines[package]:6}")
    print(f"{'all':15} {sum(files.values()):5} {sum(lines.values()):6}")


# Circles.


def imports(trees: Mapping[Path, ast.Module]) -> dict[str, set[str]]:
    """The modules that each module imports, anywhere in it."""
    names = {_module(path): tree for path, tree in trees.items()}
    return {
        name: {found for found in _imported(tree, names) if found != name}
        for name, tree in names.items()
    }


def _module(path: Path) -> str:
    parts = ("byhand", *path.with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(tree: ast.Module, names: Mapping[str, object]) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str() as module, names=each):
                for alias in each:
                    inner = f"{module}.{alias.name}"
                    yield from (m for m in (inner if inner in names else module,) if m in names)
            case ast.Import(names=each):
                yield from (alias.name for alias in each if alias.name in names)
            case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(name))]):
                yield from (m for m in (name,) if m in names)
            case _:
                pass


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of modules of which each reaches each."""
    reached = {name: _reached(graph, name) for name in graph}
    groups = {
        tuple(sorted({name} | {o for o in reached[name] if name in reached[o]})) for name in graph
    }
    return sorted((list(group) for group in groups if len(group) > 1), key=len)


def _reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += graph[name]
    return found


def print_circles(found: list[list[str]]) -> None:
    print(f"\ncircles of imports: {len(found)}, of {sum(map(len, found))} modules")
    for group in found:
        print("  " + ", ".join(name.removeprefix("byhand.") for name in group))


# Classes.


def classes(trees: Mapping[Path, ast.Module]) -> dict[str, list[str]]:
    """Where each name of a class is defined, if it is in two places."""
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{path}:{node.lineno}")
    return {name: where for name, where in sorted(places.items()) if len(where) > 1}


def print_classes(found: Mapping[str, list[str]]) -> None:
    print(f"\nclass names that mean two things: {len(found)}")
    for name, where in found.items():
        print(f"  {name}: {', '.join(where)}")


# Names of ops.


def op_names(trees: Mapping[Path, ast.Module]) -> dict[str, list[tuple[int, str]]]:
    """By file, the line and the name of every op that is named outside the ops."""
    families = (value for value in vars(ops).values() if isinstance(value, ModuleType))
    records = {
        name for family in families for name, value in vars(family).items() if isinstance(value, Op)
    }
    return {
        str(path): found
        for path, tree in trees.items()
        if path.parts[0] not in ("ops", *PROBLEM_FILES) and (found := sorted(_named(tree, records)))
    }


def _named(tree: ast.Module, records: set[str]) -> Iterator[tuple[int, str]]:
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    ours = set(_from_ops(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(name)) if name in ops.REGISTRY and id(node) not in said:
                yield node.lineno, name
            case ast.Name(id=name) if name in records & ours:
                yield node.lineno, name
            case ast.Attribute(value=ast.Name(id=family), attr=name) if (
                family in ours and name in records
            ):
                yield node.lineno, name
            case _:
                pass


def _from_ops(tree: ast.Module) -> Iterator[str]:
    """The names that a module has from the ops."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("byhand.ops"):
            yield from (alias.asname or alias.name for alias in node.names)


def print_ops(found: Mapping[str, list[tuple[int, str]]], places: bool) -> None:
    total = sum(map(len, found.values()))
    print(f"\nplaces that name an op outside its record: {total}, in {len(found)} files")
    for path, named in sorted(found.items(), key=lambda each: -len(each[1])):
        print(f"  {len(named):4} {path}")
        if places:
            print("\n".join(f"         {path}:{line} {name}" for line, name in named))


if __name__ == "__main__":
    main()
