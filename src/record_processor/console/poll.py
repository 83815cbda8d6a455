"""One thread that looks at the application; every browser gets what it saw last."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import msgspec

from record_processor import __version__
from record_processor.console.action_rates import ActionRates, RateKeeper
from record_processor.console.answers import of_data
from record_processor.console.trend import Trend, TrendKeeper
from record_processor.errors import SetupError, described
from record_processor.text.redaction import redacted
from record_processor.text.safe_text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from record_processor.console.answers import Answer
    from record_processor.fleet.model import Application

PAUSE_SECONDS = 1.0
"""Between the beginnings of two looks, if somebody watches. Workers report every 1.5 seconds."""
IDLE_SECONDS = 30.0
"""If nobody does: only the lines go on."""
_WATCHED_SECONDS = 10.0
# A look at many shards takes long: at least half of the time nothing is read.
_SHARE = 2


class Configured(msgspec.Struct, frozen=True):
    """What the page shows of an action's configuration."""

    name: str
    type: str
    dead_letter: str | None
    """The kind of place for what it gives up."""


class Shown(msgspec.Struct, frozen=True):
    """Everything that the page shows, except dead letters and records."""

    version: str
    shows_values: bool
    allows_actions: bool
    """Whether somebody who has the token may pause, skip and so on."""
    configured: list[Configured]
    application: Application
    trend: Trend
    rates: list[ActionRates]
    error: str | None = None
    """Why the last look failed; the rest is from the last one that did not."""


class Poll:
    """Looks again and again: every second while somebody asks, otherwise now and then."""

    def __init__(
        self,
        look: Callable[[], Application],
        configured: list[Configured],
        shows_values: bool = False,
        allows_actions: bool = False,
    ) -> None:
        self._look = look
        self._configured = configured
        self._shows_values = shows_values
        self._allows_actions = allows_actions
        self._trend = TrendKeeper()
        self._rates = RateKeeper()
        self._asked_at = 0.0
        self._asked = threading.Event()
        self._shown: Shown
        self._answer: Answer

    def begin(self) -> None:
        """Look once.

        Raises:
            SetupError: nothing can be shown.
        """
        self._take_in(self._look())
        threading.Thread(target=self._run, name="poll", daemon=True).start()

    def ask(self) -> Answer:
        """Return what was seen last."""
        self._asked_at = time.monotonic()
        self._asked.set()
        return self._answer

    def _run(self) -> None:
        while True:
            started = time.monotonic()
            self.look_again()
            took = time.monotonic() - started
            time.sleep(max(PAUSE_SECONDS, _SHARE * took) - took)
            self._asked.clear()  # first: who asks from here on has been heard, or is
            if time.monotonic() - self._asked_at > _WATCHED_SECONDS:
                self._asked.wait(IDLE_SECONDS)

    def look_again(self) -> None:
        """Look; what fails is shown, and may succeed the next time."""
        try:
            self._take_in(self._look())
        except SetupError as error:
            self._say(str(error))
        except Exception as error:  # a fault of ours: the page says so, and what was seen before stays
            self._say(described(error))

    def _take_in(self, found: Application) -> None:
        self._trend.add(found)
        rates = self._rates.add(found)
        allowed = (self._shows_values, self._allows_actions)
        self._show(Shown(__version__, *allowed, self._configured, found, self._trend.shown(), rates))

    def _say(self, error: str) -> None:
        self._show(msgspec.structs.replace(self._shown, error=printable(redacted(error))))

    def _show(self, shown: Shown) -> None:
        self._shown, self._answer = shown, of_data(shown)
