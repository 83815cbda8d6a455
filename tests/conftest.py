"""What several kinds of tests share: the servers, each started once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.started import Servers

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    made = Servers(tmp_path_factory.mktemp("servers"))
    yield made
    made.end()
