"""What an operator has ordered: what is paused, and which records are skipped. Decided from values only."""

from __future__ import annotations

import msgspec


class Order(msgspec.Struct, frozen=True):
    """Who ordered something, when and why."""

    by: str
    at: float
    """Seconds since the epoch."""
    reason: str = ""


class Scope(msgspec.Struct, frozen=True):
    """A part of an application; None stands for all of them."""

    table: str | None = None
    shard_id: str | None = None
    action: str | None = None

    def covers(self, table: str, shard_id: str) -> bool:
        """Return whether a shard, or one of its actions, is in it."""
        return self.table in (None, table) and self.shard_id in (None, shard_id)

    def includes(self, other: Scope) -> bool:
        """Return whether everything that is in another scope is in this one."""
        pairs = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)
        return all(mine in (None, theirs) for mine, theirs in pairs)

    def __str__(self) -> str:
        named = (("action", self.action), ("shard", self.shard_id), ("table", self.table))
        parts = [f"{what} {name}" for what, name in named if name is not None]
        return " of ".join(parts) or "the whole application"


class Pause(Order, frozen=True, kw_only=True):
    """Nothing of this scope begins until it is resumed."""

    scope: Scope


class Skip(Order, frozen=True, kw_only=True):
    """A record that an action gives up as soon as it has failed."""

    table: str
    shard_id: str
    sequence_number: str
    action: str


class Reload(Order, frozen=True, kw_only=True):
    """Every worker reads its actions anew."""

    number: int
    """Grows with each."""


class SoughtShard(msgspec.Struct, frozen=True):
    """A shard that begins elsewhere."""

    shard_id: str
    was: str
    """Its checkpoint before."""
    now: str
    """Its checkpoint from then on."""


class Seek(Order, frozen=True, kw_only=True):
    """Shards begin elsewhere. Whoever orders it does it; workers only say so in their log."""

    to: str
    """As it was asked for."""
    shards: int
    """How many."""
    first: list[SoughtShard] = []
    """Some of them: every worker reads this item once a second, and pays for its size."""


class Orders(msgspec.Struct, frozen=True, omit_defaults=True):
    """All orders that are in force."""

    version: int = 0
    """Grows with each change; 0: nothing was ever ordered."""
    pauses: list[Pause] = []
    skips: list[Skip] = []
    reload: Reload | None = None
    """The last one."""
    seek: Seek | None = None
    """The last one."""
    is_known: bool = True
    """False: they have not been read yet, so anything may be paused."""

    @property
    def any(self) -> bool:
        return bool(self.pauses or self.skips) or not self.is_known

    def pauses_of(self, table: str, shard_id: str) -> list[Pause]:
        """Return those that concern a shard, or an action on it."""
        return [pause for pause in self.pauses if pause.scope.covers(table, shard_id)]

    def skips_of(self, table: str, shard_id: str) -> list[Skip]:
        return [skip for skip in self.skips if (skip.table, skip.shard_id) == (table, shard_id)]
