"""One line of the report: what was looked at, what came of it, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from record_processor.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# How remedies begin, after what was found.
_REMEDY = re.compile(r"[.;] (?=(?:Set|Is|Are|are|Check|Enable|Write|Choose|Use|Install|Was|Does|Run) )")

Result = Literal["ok", "warning", "error"]


class Finding(NamedTuple):
    """Only an error keeps a worker from its work."""

    what: str
    result: Result
    found: str
    remedy: str = ""
    """Empty if there is nothing to do."""

    def line(self) -> str:
        """Return it for a terminal."""
        remedy = f" → {self.remedy}" if self.remedy else ""
        return f"{self.result:<9}{self.what}: {self.found}{remedy}"


def ok(what: str, found: str) -> Finding:
    return Finding(what, "ok", found)


def warning(what: str, found: str, remedy: str) -> Finding:
    return Finding(what, "warning", found, remedy)


def error(what: str, found: str, remedy: str) -> Finding:
    return Finding(what, "error", found, remedy)


def of_setup_error(what: str, failure: SetupError) -> Finding:
    """Return an error whose message also says what to do, as those of ours do."""
    found, remedy = divided(" ".join(str(failure).split("\n")).removeprefix(f"{what}: "))
    return error(what, found, remedy)


def divided(message: str) -> tuple[str, str]:
    """Return what one of our messages says was found, and what it says is to be done, which may be empty."""
    match = _REMEDY.search(message)
    if match is None:
        return message, ""
    remedy = message[match.end() :].lstrip()
    return message[: match.start()], remedy[:1].upper() + remedy[1:]


def attempted(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Yield what `look` finds; an error of the environment ends it, and becomes a finding."""
    try:
        yield from look()
    except SetupError as failure:
        yield of_setup_error(what, failure)
    except OSError as failure:
        yield error(what, str(failure), "Make it available to this user")
