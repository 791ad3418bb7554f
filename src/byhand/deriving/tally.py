"""What has been counted of a backward."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Tally:
    """The operations counted so far."""

    operations: int = 0

    def add(self, operations: int) -> None:
        self.operations += int(operations)
