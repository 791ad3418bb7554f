"""What is known now, told to whoever follows: each value as it is, then every newer one.

Only the last value of each name is kept. So a slow follower misses what is outdated, nobody is
waited for, and nothing piles up.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from typing import Any

HEARTBEAT = 15.0  # seconds: a follower that is gone is noticed by then


class Live:
    def __init__(self) -> None:
        self._values: dict[tuple[str, str], tuple[int, Any]] = {}
        self._version = 0
        self._changed = asyncio.Event()
        self._closed = False
        self._followed: dict[str, int] = {}

    def tell(self, topic: str, name: str, value: Any) -> None:
        self._version += 1
        self._values[topic, name] = (self._version, value)
        self._wake()

    def get(self, topic: str, name: str) -> Any:
        """The value that was told last; None if there is none."""
        return self._values.get((topic, name), (0, None))[1]

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
                news = sorted(
                    (version, name, value)
                    for (topic, name), (version, value) in self._values.items()
                    if topic in topics and version > seen
                )
                for version, name, value in news:
                    seen = version
                    yield f"event: {name}\ndata: {json.dumps(value, allow_nan=False)}\n\n"
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
