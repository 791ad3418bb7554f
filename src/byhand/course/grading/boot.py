"""The first thing that runs apart: makes the modules of the kit importable, from their code alone.

None of them is a file there, so no part of byhand can be read: not the zoo, not the lessons.
"""

from __future__ import annotations

import marshal
import pickle
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class Kit:
    """Finds and loads the modules of which `codes` holds the code."""

    def __init__(self, codes: dict[str, bytes]) -> None:
        self.codes = codes

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in self.codes:
            return None
        package = any(other.startswith(f"{name}.") for other in self.codes)
        return ModuleSpec(name, self, is_package=package)  # pyright: ignore[reportArgumentType]

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(marshal.loads(self.codes[module.__name__]), module.__dict__)


if __name__ == "__main__":
    sys.path[:] = sys.argv[1:]
    # What comes in is ours; what goes out is another matter (see wire.py).
    entry, modules = pickle.load(sys.stdin.buffer)
    sys.meta_path.insert(0, Kit(modules))  # pyright: ignore[reportArgumentType]
    import_module(entry).main()
