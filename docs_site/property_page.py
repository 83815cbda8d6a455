"""The reference of `worker.properties`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs_site.tables import table
from record_processor.config.property_schema import NOT_HERE, REQUIRED, SECTIONS

if TYPE_CHECKING:
    from record_processor.config.property_key import PropertyKey

_HEAD = ("property", "type", "default", "what it does", "since")
_OPENING = """# Properties

`worker.properties` holds one `KEY = VALUE` per line. Every property can also be set by an environment variable
(`failoverTimeMillis` is `RECORD_PROCESSOR_FAILOVER_TIME_MILLIS`) and by `--set failoverTimeMillis=20000`, which comes
first. Names are KCL's if KCL has the setting. A property without a default has KCL's own. Unknown properties are
refused.

`properties/worker.properties` in the repository is a template for production.
"""


def page() -> str:
    """Return all properties by section, and those of KCL that are rejected."""
    parts = [_OPENING]
    for title, keys in SECTIONS.items():
        parts += [f"## {title}", "", *table(_HEAD, map(_row, keys)), ""]
    refused = ((f"`{name}`", reason) for name, reason in NOT_HERE.items())
    parts += ["## Properties of KCL that are refused", "", *table(("property", "reason"), refused), ""]
    return "\n".join(parts)


def _row(key: PropertyKey) -> tuple[str, ...]:
    default = "required" if key.name in REQUIRED else f"`{key.default}`" if key.default is not None else ""
    return f"`{key.name}`", key.type_name, default, key.description, key.since
