"""Orders on their way from the coordinator table to the shard processes of a host, and what changes them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from record_processor.delivery.orders import Orders, Pause, Reload, Scope, Seek, Skip, SoughtShard
from record_processor.delivery.orders_file import MOST_BYTES, OrdersView
from record_processor.errors import SetupError
from record_processor.fleet import orders_item
from record_processor.fleet.worker_report import Reloaded
from record_processor.host import orders_watch
from record_processor.host.orders_watch import OrdersWatch
from record_processor.host.reloader import Reloader
from tests.harness import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PAUSE = Pause("ann@desk", 1.0, "migration", scope=Scope("Orders"))


class _Conflict(Exception):  # noqa: N818 - it stands for the SDK's ConditionalCheckFailedException
    pass


class Table:
    """The coordinator table, as far as orders need it."""

    def __init__(self) -> None:
        self.item: dict[str, Any] | None = None
        self.is_away = False
        self.error: Exception | None = None
        self.meanwhile: Callable[[], None] = lambda: None
        names = {"ResourceNotFoundException": KeyError, "ConditionalCheckFailedException": _Conflict}
        self.exceptions = type("", (), names)

    def get_item(self, **_call: Any) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        if self.is_away:
            raise EndpointConnectionError(endpoint_url="http://nowhere")
        return {} if self.item is None else {"Item": self.item}

    def put_item(self, Item: dict[str, Any], ExpressionAttributeValues: dict[str, Any], **_call: Any) -> None:  # noqa: N803
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        if self.item is not None and self.item["version"] != ExpressionAttributeValues[":before"]:
            raise _Conflict
        self.item = Item

    def order(self, *pauses: Pause, reload: Reload | None = None) -> Orders:
        def made(orders: Orders) -> Orders:
            return Orders(orders.version, [*pauses], orders.skips, reload)

        return orders_item.change(self, "t", made)


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def reloads() -> list[tuple[int, bool]]:
    """The number of each, and whether it was there before the worker."""
    return []


@pytest.fixture
def watch(
    table: Table, reloads: list[tuple[int, bool]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], OrdersWatch]]:
    monkeypatch.setattr(orders_watch, "_LOOK_SECONDS", 0.01)
    made: list[OrdersWatch] = []

    def begin() -> OrdersWatch:
        path = tmp_path / "orders"
        made.append(OrdersWatch(lambda: table, "t", path, lambda one, is_first: reloads.append((one.number, is_first))))
        return made[-1]

    yield begin
    for one in made:
        one.stop()


def said(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if text in record.getMessage()]


def test_nothing_may_begin_before_the_orders_are_known_and_the_last_ones_stay(
    table: Table, watch: Callable[[], OrdersWatch], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table.is_away = True
    watching = watch()
    view = OrdersView(tmp_path / "orders")
    wait_for(lambda: said(caplog, "nothing begins before"), "that is said", 5)
    assert (view.look().is_known, watching.version) == (False, None)
    table.is_away = False
    wait_for(lambda: view.look().is_known, "they are known", 5)
    table.order(PAUSE)
    wait_for(lambda: view.look().pauses == [PAUSE], "it is passed on", 5)
    table.is_away = True
    wait_for(lambda: said(caplog, "the last ones stay"), "that is said", 5)
    assert view.look().pauses == [PAUSE]
    table.is_away = False
    table.order()
    wait_for(lambda: view.look() == Orders(), "it is resumed", 5)
    wait_for(lambda: watching.version == 2, "the version is confirmed", 5)
    assert said(caplog, "table Orders is paused by ann@desk: migration")
    assert said(caplog, "table Orders is resumed, which ann@desk had paused")


def test_a_host_that_was_cut_off_begins_nothing_before_it_has_read_the_orders_again(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(orders_watch, "_LOOK_SECONDS", 0.01)
    watching = OrdersWatch(lambda: table, "t", tmp_path / "orders", failover_seconds=0.3)
    view = OrdersView(tmp_path / "orders")
    try:
        table.order(PAUSE)
        wait_for(lambda: view.look().pauses == [PAUSE], "it is passed on", 5)
        table.error = ReadTimeoutError(endpoint_url="http://slow")
        time.sleep(0.6)
        assert view.look().is_known  # a slow table stops nothing
        table.error = EndpointConnectionError(endpoint_url="http://nowhere")
        wait_for(lambda: not view.look().is_known, "nothing begins", 5)
        assert view.look().any
        assert watching.version is None
        wait_for(lambda: said(caplog, "nothing begins before"), "that is said", 5)
        table.error = None
        table.order()
        wait_for(lambda: view.look() == Orders(), "it has the new orders", 5)
    finally:
        watching.stop()


def test_a_table_that_is_not_there_yet_orders_nothing(
    table: Table, watch: Callable[[], OrdersWatch], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(**_call: Any) -> dict[str, Any]:
        raise KeyError

    monkeypatch.setattr(table, "get_item", absent)
    watch()
    wait_for(lambda: OrdersView(tmp_path / "orders").look() == Orders(), "nothing is ordered", 5)


def test_an_order_to_reload_counts_once_and_one_that_was_there_before_the_worker_is_told_as_such(
    table: Table, watch: Callable[[], OrdersWatch], reloads: list[tuple[int, bool]]
) -> None:
    table.order(reload=Reload("ann", 1.0, number=1))
    watch()
    wait_for(lambda: reloads == [(1, True)], "it is told", 5)
    table.order(reload=Reload("ann", 2.0, number=2))
    wait_for(lambda: len(reloads) == 2, "it is told", 5)
    table.order(PAUSE, reload=Reload("ann", 2.0, number=2))
    table.order(reload=Reload("ann", 3.0, number=3))
    wait_for(lambda: len(reloads) == 3, "it is told", 5)
    assert reloads == [(1, True), (2, False), (3, False)]


@pytest.mark.parametrize(
    ("ordered_at", "is_first", "reads"),
    [
        pytest.param(500.0, True, False, id="given before the start: the worker has read its files since"),
        pytest.param(1001.0, True, True, id="given while it was starting"),
        pytest.param(998.0, True, True, id="perhaps given while it was starting: clocks differ"),
        pytest.param(500.0, False, True, id="given while it runs, by somebody with another clock"),
    ],
)
def test_a_worker_that_starts_has_the_actions_of_an_order_or_reads_them(
    monkeypatch: pytest.MonkeyPatch, ordered_at: float, is_first: bool, reads: bool
) -> None:
    read: list[bool] = []
    sources: Any = None
    checked: Any = type("", (), {"configuration": None, "actions": []})
    reloader = Reloader(sources, 1000.0, checked, sources, {})

    def replace() -> list[str]:
        read.append(True)
        return ["shop"]

    monkeypatch.setattr(reloader, "_replace", replace)
    reloader.begin(lambda: None)
    reloader.ask(Reload("ann", ordered_at, number=4), is_first)
    wait_for(lambda: reloader.last == Reloaded(4, None), "it confirms the order", 5)
    assert bool(read) == reads


def test_a_seek_is_said_once_with_its_author_and_shards_and_forgotten_after_a_day(
    table: Table, watch: Callable[[], OrdersWatch], caplog: pytest.LogCaptureFixture
) -> None:
    table.order()
    watching = watch()
    wait_for(lambda: watching.version is not None, "the first look", 5)
    seek = Seek("ann", time.time(), "wrong totals", to="latest", shards=2, first=[SoughtShard("s-1", "17", "LATEST")])
    orders_item.change(table, "t", lambda orders: msgspec.structs.replace(orders, seek=seek))
    wait_for(lambda: said(caplog, "ann has 2 shard(s) begin at latest: wrong totals"), "it is said", 5)
    (record,) = [one for one in caplog.records if "begin at latest" in one.getMessage()]
    assert vars(record)["record_processor_fields"]["first"] == [{"shard_id": "s-1", "was": "17", "now": "LATEST"}]
    orders_item.change(table, "t", lambda orders: msgspec.structs.replace(orders, pauses=[PAUSE]))
    wait_for(lambda: said(caplog, "is paused by ann@desk"), "the next order", 5)
    assert len(said(caplog, "begin at latest")) == 1
    assert orders_item.read(table, "t").seek == seek
    old = msgspec.structs.replace(seek, at=time.time() - 26 * 3600)
    orders_item.change(table, "t", lambda orders: msgspec.structs.replace(orders, seek=old))
    assert orders_item.read(table, "t").seek is None


def test_a_change_at_the_same_time_is_not_lost(table: Table) -> None:
    other = Pause("bob", 2.0, scope=Scope(None, None, "shop"))
    table.order()
    table.meanwhile = lambda: _add(table, other)
    _add(table, PAUSE)
    assert orders_item.read(table, "t").pauses == [other, PAUSE]


def _add(table: Table, pause: Pause) -> None:
    orders_item.change(table, "t", lambda orders: Orders(orders.version, [*orders.pauses, pause], orders.skips))


def test_skips_are_forgotten_after_a_day_and_orders_have_a_limit(table: Table) -> None:
    def skip(at: float) -> Skip:
        return Skip("ann", at, "x", table="T", shard_id="s", sequence_number=str(at), action="a")

    old, new = skip(time.time() - 26 * 3600), skip(time.time())
    orders_item.change(table, "t", lambda orders: Orders(orders.version, [], [old, new]))
    assert orders_item.read(table, "t").skips == [new]
    many = [Pause("ann", float(number), "x" * 300, scope=Scope("T")) for number in range(MOST_BYTES // 300)]
    with pytest.raises(SetupError, match="there are too many orders"):
        orders_item.change(table, "t", lambda orders: Orders(orders.version, many))


def test_an_item_that_nobody_understands_is_an_error_that_says_what_to_do(table: Table) -> None:
    table.item = {"key": {"S": orders_item.KEY}, "orders": {"S": "{"}, "version": {"N": "1"}}
    with pytest.raises(SetupError, match="Delete it to resume everything"):
        orders_item.read(table, "t")
