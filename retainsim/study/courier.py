"""Courier: lets replications be played where the store is out of sight: takes what is known, brings the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace

from retainsim.study.store import Arrays, Basket, Store
from retainsim.study.task import Played, Task


@dataclass(frozen=True)
class Parcel:
    """A replication, and what is known of it."""

    replication: int
    known: dict[str, Arrays]


@dataclass(frozen=True)
class Brought:
    """What came of a replication, and what of it is new: entries of the store, packed."""

    played: Played
    new: dict[str, bytes]


@dataclass(frozen=True)
class Afar:
    """What plays parcels, wherever it is sent."""

    task: Task

    def __call__(self, parcel: Parcel) -> Brought:
        """Play the replication of a parcel."""
        basket = Basket(parcel.known)
        return Brought(replace(self.task, store=basket).play(parcel.replication), basket.new)


@dataclass(frozen=True)
class Courier:
    """The way between a store and processes that do not see it."""

    task: Task
    store: Store

    @classmethod
    def of(cls, task: Task) -> Courier | None:
        """Return the courier of a task; None where it has no store."""
        return None if task.store is None else cls(task, task.store)

    @property
    def afar(self) -> Afar:
        """Return what plays a parcel elsewhere: the task, without its store."""
        return Afar(replace(self.task, store=None))

    def knows(self, replication: int) -> bool:
        """Tell whether all of a replication is in the store."""
        return all(key in self.store for key in self.task.keys(replication))

    def pack(self, replication: int) -> Parcel:
        """Return a replication with what the store knows of it."""
        found = {key: self.store.get(key) for key in self.task.keys(replication)}
        return Parcel(replication, {key: arrays for key, arrays in found.items() if arrays is not None})

    def unpack(self, brought: Brought) -> Played:
        """Put what is new into the store, and return what came of the replication."""
        for key, content in brought.new.items():
            self.store.put_packed(key, content)
        return brought.played
