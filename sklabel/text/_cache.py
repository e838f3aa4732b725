"""A bounded, thread-safe mapping that forgets the least recently used entries."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def _unit_cost(key: object, value: object) -> int:
    return 1


class BoundedCache(Generic[Key, Value]):
    """Mapping whose entries together never cost more than a capacity.

    Work is done on many keys at a time, so that a call on a million texts takes
    the lock twice. An entry that is read becomes the youngest one.

    Parameters
    ----------
    capacity : int
        Upper bound on the sum of the costs. 0 switches the cache off.
    cost : callable, default=None
        Function of (key, value) that returns the cost of an entry. If None, each
        costs 1 and the capacity is a number of entries.
    """

    def __init__(
        self, capacity: int, cost: Callable[[Key, Value], int] | None = None
    ) -> None:
        self._capacity = capacity
        self._cost_of = _unit_cost if cost is None else cost
        self._cost = 0
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def capacity(self) -> int:
        """Upper bound on the sum of the costs."""
        return self._capacity

    @property
    def cost(self) -> int:
        """Sum of the costs of the entries."""
        return self._cost

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Value]:
        """Return the entries that are there, and make them the youngest.

        Parameters
        ----------
        keys : iterable
            Keys to look for.

        Returns
        -------
        found : dict
            The entries whose key is known.
        """
        found = {}
        with self._lock:
            entries = self._entries
            if entries:
                for key in keys:
                    if key in entries:
                        entries.move_to_end(key)
                        found[key] = entries[key]
        return found

    def put_many(self, items: Mapping[Key, Value]) -> None:
        """Store entries, and drop the oldest ones if they no longer fit.

        Of a mapping that is larger than the whole cache the first entries are kept:
        with the last ones, reading the same texts again would find nothing.

        Parameters
        ----------
        items : mapping
            Entries to store.
        """
        with self._lock:
            stored = 0
            for key, value in items.items():
                cost = self._cost_of(key, value)
                if stored + cost > self._capacity:
                    break
                stored += cost
                if key in self._entries:
                    self._drop(key)
                self._entries[key] = value
                self._cost += cost
            self._shrink()

    def resize(self, capacity: int) -> int:
        """Change the capacity.

        Parameters
        ----------
        capacity : int
            The new upper bound on the sum of the costs.

        Returns
        -------
        previous : int
            The capacity before the call.
        """
        with self._lock:
            previous, self._capacity = self._capacity, capacity
            self._shrink()
        return previous

    def clear(self) -> None:
        """Forget all entries."""
        with self._lock:
            self._entries.clear()
            self._cost = 0

    def survive_forks(self) -> None:
        """Hold the lock while the process forks, so that no child inherits it taken."""
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._lock.acquire,
                after_in_parent=self._lock.release,
                after_in_child=self._lock.release,
            )

    def _drop(self, key: Key) -> None:
        value = self._entries.pop(key)
        self._cost -= self._cost_of(key, value)

    def _shrink(self) -> None:
        while self._cost > self._capacity:
            self._drop(next(iter(self._entries)))
