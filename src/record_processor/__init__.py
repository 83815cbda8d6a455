"""A KCL worker for DynamoDB Streams: delivers every change to your actions, in order per item.

This package has what handlers need. `record_processor.plugin` has what actions are made of, and
`record_processor.testing` what their tests need. These three are the public API; docs/reference/python-api.md says what
is stable.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "ActionError",
    "BatchResponse",
    "Context",
    "Event",
    "PermanentError",
    "PlainEvent",
    "PlainRecord",
    "Record",
    "__version__",
]

if TYPE_CHECKING:
    from record_processor.errors import ActionError, PermanentError
    from record_processor.plugin.handler_types import BatchResponse, Context, Event, PlainEvent, PlainRecord, Record
else:

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used: a shard process pays for no other."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name in ("ActionError", "PermanentError"):
            from record_processor import errors as module
        else:
            from record_processor.plugin import handler_types as module
        return globals().setdefault(name, getattr(module, name))

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
