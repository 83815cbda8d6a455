"""Grafana's dark colors."""

from __future__ import annotations

from typing import Any

GROUND, PANEL, BORDER = "#111217", "#181b1f", "#2c2f36"
TEXT, SOFT, GRID = "#d5d6e0", "#9a9cab", "#26292f"
NAMED = {"green": "#56a64b", "orange": "#e0752d", "red": "#d44a3a", "transparent": "transparent"}
LINES = ("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#fade2a")


def of_value(value: float, thresholds: dict[str, Any]) -> str:
    """Return the color of the last step that a value has reached."""
    reached = [step["color"] for step in thresholds["steps"] if step["value"] is None or value >= step["value"]]
    return NAMED[reached[-1]]
