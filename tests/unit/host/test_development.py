"""The options of `run` for people who write handlers are not for a worker in production."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from record_processor.config.properties import read_properties
from record_processor.errors import SetupError
from record_processor.host.development import Development

if TYPE_CHECKING:
    from pathlib import Path

    from record_processor.config.worker_configuration import WorkerConfiguration

LOCAL = "http://localhost:8000"


def configuration(folder: Path, *, tables: str | None = LOCAL, streams: str | None = LOCAL) -> WorkerConfiguration:
    path = folder / "worker.properties"
    endpoints = {"dynamoDBEndpoint": tables, "kinesisEndpoint": streams}
    lines = [f"{name} = {value}" for name, value in endpoints.items() if value]
    path.write_text("\n".join(["applicationName = a", "streamName = T", "regionName = us-west-2", *lines]))
    overrides = Development(reload=True).overrides()
    return read_properties(path, overrides, {})


@pytest.mark.parametrize("address", [LOCAL, "http://127.0.0.1:8000", "http://[::1]:8000", "http://db.localhost:8000"])
def test_reload_is_for_endpoints_on_this_machine(tmp_path: Path, address: str) -> None:
    Development(reload=True).check(configuration(tmp_path, tables=address, streams=address).aws)


@pytest.mark.parametrize("address", [None, "https://dynamodb.eu-west-1.amazonaws.com", "http://10.0.0.1:8000"])
def test_reload_is_refused_where_an_endpoint_is_elsewhere(tmp_path: Path, address: str | None) -> None:
    for name, given in (("dynamoDBEndpoint", {"tables": address}), ("kinesisEndpoint", {"streams": address})):
        found = configuration(tmp_path, **given).aws
        with pytest.raises(SetupError, match=rf"^--reload .*; {name} is {address or 'not set'}.* Leave --reload out"):
            Development(reload=True).check(found)
        Development().check(found)


def test_a_process_that_waits_for_its_author_is_not_stuck(tmp_path: Path) -> None:
    assert configuration(tmp_path).stuck_after_millis == 2**31 - 1
    assert Development().overrides() == []


ACTIONS = [{"name": "shop", "type": "python", "timeout": "5s"}, {"name": "audit", "type": "file"}]


def test_the_action_that_is_debugged_has_no_timeout_and_the_others_keep_theirs() -> None:
    shop, audit = Development(debug="shop").actions(ACTIONS)
    assert (shop["timeout"], audit) == ("0s", ACTIONS[1])
    assert Development().actions(ACTIONS) == ACTIONS
    assert ACTIONS[0]["timeout"] == "5s"


@pytest.mark.parametrize(
    ("name", "says"),
    [("shpo", "unknown action 'shpo'; did you mean 'shop'?"), ("audit", "audit is of type file, which has no handler")],
)
def test_an_action_that_cannot_be_debugged_is_refused(name: str, says: str) -> None:
    with pytest.raises(SetupError) as refused:
        Development(debug=name).actions(ACTIONS)
    assert str(refused.value).startswith("--debug: ") and says in str(refused.value)
