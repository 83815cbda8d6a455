"""Who may ask: the console's own page, and nobody else's.

Any page in any browser on this machine can send requests to a port on loopback. It cannot read the answers, unless its
own name leads to 127.0.0.1 (DNS rebinding): then the name is in the Host header. And it must not cause work.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A tunnel, such as that of ssh -L, may have any port.
_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_OWN = (None, "none", "same-origin")


def is_ours(hosts: Sequence[str]) -> bool:
    """Return whether a request's Host headers name this machine."""
    return len(hosts) == 1 and _HOST.fullmatch(hosts[0].strip()) is not None


def is_foreign(fetch_site: str | None, target: str) -> bool:
    """Return whether a page of somebody else asks. A link to the page itself may be anywhere."""
    return target != "/" and fetch_site not in _OWN
