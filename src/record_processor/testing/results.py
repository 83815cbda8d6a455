"""What became of records that were fed to actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from record_processor.records.attribute_values import item_to_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from record_processor.records.change_record import ChangeRecord

Outcome = Literal["filtered", "sent", "given up", "blocked"]
"""Not for this action; delivered; in the dead letters; failing, and a worker would retry it forever."""

OUTCOMES: tuple[Outcome, ...] = ("sent", "filtered", "given up", "blocked")


@dataclass(frozen=True)
class RecordResult:
    """What one action did with one record."""

    record: ChangeRecord
    outcome: Outcome
    calls: int = 0
    """How many calls of the action had the record in their batch."""
    payload: Any = None
    """What was sent for it; with a fake, what would have been. None if nothing was."""
    error: str = ""
    """Why it was given up or is blocked, as `TYPE: MESSAGE`."""
    exception: BaseException | None = None
    """The last exception of a call that failed with it, also if a later call succeeded."""

    @property
    def name(self) -> str:
        """Which record it is, for people."""
        return name_of(self.record)

    def __repr__(self) -> str:
        times = f" after {self.calls} calls" if self.calls > 1 else ""
        return f"<{self.name}: {self.outcome}{times}{': ' if self.error else ''}{self.error}>"


@dataclass(frozen=True)
class ActionResult:
    """What one action did with the records of one `feed`, in their order."""

    action: str
    type: str
    records: list[RecordResult]
    batches: list[int] = field(default_factory=list)
    """How many records each call had, in the order of the calls, retries included."""
    flush_error: str = ""
    """Why the action could not make its work durable; empty if it could."""

    @property
    def matched(self) -> list[RecordResult]:
        """Those that its filter let through."""
        return [one for one in self.records if one.outcome != "filtered"]

    @property
    def filtered(self) -> list[RecordResult]:
        """Those that its filter did not let through."""
        return self._of("filtered")

    @property
    def sent(self) -> list[RecordResult]:
        """Those that it delivered, at the first attempt or a later one."""
        return self._of("sent")

    @property
    def retried(self) -> list[RecordResult]:
        """Those that were in more than one call."""
        return [one for one in self.records if one.calls > 1]

    @property
    def given_up(self) -> list[RecordResult]:
        """Those that went to the dead letters, as its `retry` and `dead_letter` say."""
        return self._of("given up")

    @property
    def blocked(self) -> list[RecordResult]:
        """Those that kept failing and that a worker would retry forever: everything behind them would wait."""
        return self._of("blocked")

    @property
    def payloads(self) -> list[Any]:
        """What was sent, in order."""
        return [one.payload for one in self.sent]

    @property
    def ok(self) -> bool:
        """Whether every record was delivered or filtered out, and all of it is durable."""
        return not (self.given_up or self.blocked or self.flush_error)

    def _of(self, outcome: Outcome) -> list[RecordResult]:
        return [one for one in self.records if one.outcome == outcome]

    def __repr__(self) -> str:
        return f"<{self.action} ({self.type}): {self._summary()}>"

    def _summary(self) -> str:
        counts = [f"{len(found)} {outcome}" for outcome in OUTCOMES if (found := self._of(outcome))]
        counts += [f"{len(self.retried)} retried"] if self.retried else []
        failed = [f"{one.name}: {one.error}" for one in (*self.given_up, *self.blocked)]
        failed += [f"not durable: {self.flush_error}"] if self.flush_error else []
        return "; ".join([", ".join(counts) or "no records", *failed])


class FeedResult(Mapping[str, ActionResult]):
    """The results of all actions, by name."""

    def __init__(self, actions: list[ActionResult]) -> None:
        self._actions = {one.action: one for one in actions}

    @property
    def ok(self) -> bool:
        """Whether no action gave up on a record or is blocked."""
        return all(one.ok for one in self._actions.values())

    def __getitem__(self, action: str) -> ActionResult:
        try:
            return self._actions[action]
        except KeyError:
            raise KeyError(f"no action {action!r}; there are: {', '.join(self._actions)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self._actions.values()))


def name_of(record: ChangeRecord) -> str:
    """Which record it is, such as `INSERT Orders id=o-1`."""
    keys = " ".join(f"{name}={value}" for name, value in _plain_keys(record).items())
    return f"{record.event_name} {record.table} {keys}"


def _plain_keys(record: ChangeRecord) -> dict[str, Any]:
    try:
        return record.plain["keys"]  # type: ignore[no-any-return]
    except Exception:  # a record whose images cannot be read
        return item_to_plain({})
