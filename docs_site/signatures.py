"""Where mkdocstrings puts the signatures and docstrings of the public Python API."""

from __future__ import annotations

import importlib

MODULES = ("record_processor", "record_processor.plugin", "record_processor.testing")
_LEFT_OUT = ("__version__",)


def wanted() -> str:
    """A section per module, with each of its public names."""
    return "\n\n".join(f"## Signatures: `{module}`\n\n{_names(module)}" for module in MODULES)


def _names(module: str) -> str:
    public = sorted(importlib.import_module(module).__all__, key=str.lower)
    return "\n\n".join(f"::: {module}.{name}" for name in public if name not in _LEFT_OUT)
