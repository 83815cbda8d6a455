"""`THIRD-PARTY`: the jars in the wheel, each with its license, from the bill of materials that Maven makes.

`python -m supply_chain.third_party` writes it again after a build.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NOTICE = ROOT / "THIRD-PARTY"
BOM = ROOT / "java" / "target" / "java.cdx.json"
_HEAD = """\
The wheel of record-processor has jars of others in record_processor/host/jars, as their projects released them. Their
licences, by their SPDX names (one of several is enough); the texts and notices are in the jars and at their projects.

"""


def text(bom: dict[str, Any]) -> str:
    """Return the whole file."""
    rows = sorted((f"{jar['name']}-{jar['version']}.jar", jar["group"], _licences(jar)) for jar in bom["components"])
    return _HEAD + "".join(f"{name}\n    {group}: {licences}\n" for name, group, licences in rows)


def _licences(jar: dict[str, Any]) -> str:
    names = [entry["license"].get("id") or entry["license"]["name"] for entry in jar.get("licenses", [])]
    return " or ".join(names) or "none is said"


if __name__ == "__main__":
    NOTICE.write_text(text(json.loads(BOM.read_text(encoding="utf-8"))), encoding="utf-8")
