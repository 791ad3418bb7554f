"""What is known now, told to whoever follows: each value as it is, then every newer one.

Only the last value of each name is kept. So a slow follower misses what is outdated, nobody is
waited for, and nothing piles up.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

HEARTBEAT = 15.0  # seconds: a follower that is gone is noticed by then


@dataclass(frozen=True)
class _Told:
    version: int
    name: str
    value: Any

    @cached_property
    def event(self) -> str:
        """As all followers get it. A report is large, and followers that come again are many: so
        it is written once."""
        return f"event: {self.name}\ndata: {json.dumps(self.value, allow_nan=False)}\n\n"


class Live:
    def __init__(self) -> None:
        self._values: dict[tuple[str, str], _Told] = {}
        self._version = 0
        self._changed = asyncio.Event()
        self._closed = False
        self._followed: dict[str, int] = {}

    def tell(self, topic: str, name: str, value: Any) -> None:
        self._version += 1
        self._values[topic, name] = _Told(self._version, name, value)
        self._wake()

    def get(self, topic: str, name: str) -> Any:
        """The value that was told last; None if there is none."""
        told = self._values.get((topic, name))
        return told and told.value

    def close(self) -> None:
        """Lets every follower end."""
        self._closed = True
        self._wake()

    def followed(self, topic: str) -> bool:
        return self._followed.get(topic, 0) > 0

    async def follow(self, topics: Collection[str]) -> AsyncIterator[str]:
        """Server-sent events: one a value, its name as the event, the value as JSON."""
        for topic in topics:
            self._followed[topic] = self._followed.get(topic, 0) + 1
        try:
            seen = 0
            while not self._closed:
                changed = self._changed
                news = [
                    told
                    for (topic, _), told in self._values.items()
                    if topic in topics and told.version > seen
                ]
                for told in sorted(news, key=lambda each: each.version):
                    seen = told.version
                    yield told.event
                if not news:
                    yield ": still here\n\n"
                    try:
                        await asyncio.wait_for(changed.wait(), HEARTBEAT)
                    except TimeoutError:
                        continue
        finally:
            for topic in topics:
                self._followed[topic] -= 1

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
