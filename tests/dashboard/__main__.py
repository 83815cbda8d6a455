"""Draws the dashboard after some lively minutes of a worker: `python -m tests.dashboard docs/images/dashboard.png`."""

from __future__ import annotations

import argparse
import math
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from record_processor.local.ministack import LOOPBACK, started
from tests.dashboard import grafana, page, png, shop
from tests.end_to_end import browser
from tests.harness import Database
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.dashboard.shop import Shop

_SCRAPE_SECONDS = 5
# Some alerts wait for ten minutes.
_MINUTES = 14.0
_WRITES_PER_SECOND = (4.0, 24.0)
_WAVE_SECONDS = 240.0
# Of a hundred writes: how many are ordinary, have nothing to charge, or fail once.
_KINDS = ["paid"] * 78 + ["draft"] * 20 + ["flaky"] * 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--minutes", type=float, default=_MINUTES)
    options = parser.parse_args()
    # Then what was started is ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, started(port):
        database = Database(f"http://{LOOPBACK}:{port}")
        tables = [database.table(name="Orders")]
        with shop.opened(database, Path(folder), "orders-worker", tables, _SCRAPE_SECONDS) as opened:
            html = live(opened, options.minutes * 60)
    photograph(html, options.picture)


def live(opened: Shop, seconds: float) -> str:
    """Let it work through good and bad minutes, and return the page."""
    start = time.time()
    acts: list[tuple[float, Callable[[], None]]] = [
        (seconds * share, act)
        for share, act in (
            (0.15, opened.block),
            (0.3, lambda: opened.write("nowhere")),
            (0.6, lambda: opened.write("nowhere")),
            (0.7, opened.free),
            (0.85, opened.kill_a_shard_process),
            (0.95, opened.block),
        )
    ]
    number = 0
    while (passed := time.time() - start) < seconds:
        while acts and acts[0][0] <= passed:
            acts.pop(0)[1]()
        opened.write(_KINDS[number * 37 % len(_KINDS)])
        number += 1
        time.sleep(1 / _load(passed))
    return drawn(opened, seconds)


def _load(passed: float) -> float:
    low, high = _WRITES_PER_SECOND
    return low + (high - low) * (0.5 - 0.5 * math.cos(2 * math.pi * passed / _WAVE_SECONDS))


def drawn(opened: Shop, seconds: float) -> str:
    """Ask for the last seconds, as finely as Prometheus has them."""
    end = time.time() // _SCRAPE_SECONDS * _SCRAPE_SECONDS
    span = grafana.Span(end - seconds // _SCRAPE_SECONDS * _SCRAPE_SECONDS, end, _SCRAPE_SECONDS)
    return page.page(grafana.read(), grafana.shown(opened.prometheus, span), span)


def photograph(html: str, picture: Path) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.chromium(), args=browser.ARGUMENTS)
        shown = chromium.new_page(viewport={"width": page.WIDTH, "height": 600})
        shown.set_content(html)
        picture.write_bytes(png.smaller(shown.screenshot(full_page=True)))
        chromium.close()


if __name__ == "__main__":
    main()
