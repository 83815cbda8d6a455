"""Somebody who has the console open in a real browser, and goes from view to view past every fault."""

from __future__ import annotations

import itertools
import shlex
import threading
from typing import TYPE_CHECKING

from playwright.sync_api import Error, sync_playwright

from tests.end_to_end import browser

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playwright.sync_api import ConsoleMessage, Page

VIEWS = ("overview", "shards", "actions", "letters", "tail")
_PATIENCE_MILLIS = 15_000
# A flood takes the console's connections, and Chromium says so of each request that is refused.
_REFUSED = "Failed to load resource"


class BrowserObserver:
    """It must not disturb the workers; each view must be drawn again and again, whatever state it shows."""

    def __init__(self, address: str, folder: Path, nicer: Sequence[str]) -> None:
        self._address = address
        self._program = folder / "chromium"
        self._program.write_text(f'#!/bin/sh\nexec {shlex.join([*nicer, browser.chromium()])} "$@"\n')
        self._program.chmod(0o755)
        self._over = threading.Event()
        self._faults: list[str] = []
        self.drawn = dict.fromkeys(VIEWS, 0)
        """How often each view was."""
        self._thread = threading.Thread(target=self._run, name="chromium", daemon=True)
        self._thread.start()

    def wrongs(self) -> list[str]:
        missing = [f"the view {view} was never drawn" for view, times in self.drawn.items() if not times]
        return [*self._faults[:5], *missing]

    def end(self) -> None:
        self._over.set()
        self._thread.join(60)

    def _run(self) -> None:
        with sync_playwright() as playwright:
            started = playwright.chromium.launch(executable_path=self._program, args=browser.ARGUMENTS)
            page = started.new_page()
            page.set_default_timeout(_PATIENCE_MILLIS)
            page.on("pageerror", lambda error: self._faults.append(f"an error in the page: {error}"))
            page.on("console", self._hear)
            self._browse(page)
            started.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and _REFUSED not in message.text:
            self._faults.append(f"the browser says: {message.text}")

    def _browse(self, page: Page) -> None:
        is_open = False
        for view in itertools.cycle(VIEWS):
            if self._over.wait(1.0):
                return
            try:
                is_open = is_open or self._open(page)
                if is_open:
                    self._show(page, view)
            except Error as error:
                self._faults.append(f"{view}: {str(error)[:300]}")

    def _open(self, page: Page) -> bool:
        """Return whether the page is there. While it is flooded, some of its files may be refused."""
        try:
            page.goto(self._address)
            page.wait_for_selector("main section", timeout=3_000)
        except Error:
            return False
        return True

    def _show(self, page: Page, view: str) -> None:
        page.evaluate("view => { location.hash = `#/${view}`; }", view)
        page.wait_for_selector(f"main section[data-key={view}]")
        if view == "letters" and (read := page.get_by_role("button", name="Read", exact=True)).count():
            read.click()
        self.drawn[view] += 1
