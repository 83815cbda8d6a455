"""A worker works with what a kit leaves it: its writable folders, its configuration, its probes and its time to stop."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.deploy import ecs, kubernetes
from tests.deploy.boxed_worker import SHARED_MEMORY, BoxedWorker
from tests.deploy.kit import configuration
from tests.harness import REGION, Database, wait_for
from tests.servers.process import LOOPBACK, free_port, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
