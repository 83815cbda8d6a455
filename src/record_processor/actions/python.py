"""`python`: a function of the user's, called as Lambda would call it."""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from record_processor.actions.base import Action, ActionSettings, InvalidSettingError, Shard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from record_processor.worker.records import ChangeRecord

Handler = Callable[[dict[str, Any], "Context"], Any]


class PythonSettings(ActionSettings, kw_only=True, frozen=True):
    """Calls `handler(event, context)` with Lambda's event: `{"Records": [...]}`."""

    handler: Annotated[
        str,
        Meta(
            description="The function, as package.module:function; the working directory is on the import path.",
            pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$",
            extra={"expected": "package.module:function"},
        ),
    ]


class Context(msgspec.Struct, frozen=True):
    """What Lambda's context has that makes sense outside Lambda, and the shard."""

    function_name: str
    """The action's name."""
    aws_request_id: str
    """New for every call."""
    invoked_function_arn: str
    """The stream's ARN: there is no function's."""
    shard_id: str
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 0


class PythonAction(Action[PythonSettings]):
    settings_type = PythonSettings

    def __init__(self, settings: PythonSettings) -> None:
        super().__init__(settings)
        self._handler = _imported(settings.handler)

    def open(self, shard: Shard) -> None:
        self._shard = shard

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        self._handler({"Records": [record.to_lambda() for record in records]}, self._context())

    def _context(self) -> Context:
        return Context(
            function_name=self.settings.name,
            aws_request_id=str(uuid.uuid4()),
            invoked_function_arn=self._shard.stream.arn,
            shard_id=self._shard.shard_id,
        )


def _imported(handler: str) -> Handler:
    module_name, _, function_name = handler.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for part in function_name.split("."):
            found = getattr(found, part)
    except AttributeError:
        raise InvalidSettingError("handler", f"module {module_name!r} has no {function_name!r}") from None
    except Exception as error:  # the user's module may raise anything while it is imported
        raise InvalidSettingError(
            "handler", f"cannot import {module_name!r}: {type(error).__name__}: {error}"
        ) from None
    if not callable(found):
        raise InvalidSettingError("handler", f"{handler!r} is not a function, found {type(found).__name__}")
    return found  # type: ignore[no-any-return]
