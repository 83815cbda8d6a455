"""From `package.module:function` to the function, or to what its author needs to know."""

from __future__ import annotations

import importlib
import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from record_processor.config.wording import nearest
from record_processor.errors import InvalidSettingError, described

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from record_processor.actions.handlers.handler_context import Context

    Handler = Callable[[dict[str, Any], Context], Any]


def imported(handler: str, key: str = "handler") -> Handler:
    """Return the function that `package.module:function` names; `key` is the setting's name.

    Raises:
        InvalidSettingError: its module does not exist, raised something during the import (the message has it, with its
            line), or has no such function.
    """
    module_name, _, path = handler.partition(":")
    found: Any = _module(module_name, key)
    for part in path.split("."):
        found = _attribute(found, part, handler, key)
    if not callable(found):
        raise InvalidSettingError(key, f"{handler!r} is not a function, found {type(found).__name__}")
    return found  # type: ignore[no-any-return]


def _module(name: str, key: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the user's module may raise anything, and may call sys.exit
        where = _looked_in(name, error) or _place(error)
        raise InvalidSettingError(key, f"cannot import {name!r}: {_said(error)}{where}") from None


def _looked_in(name: str, error: BaseException) -> str:
    """Return where the module was searched; empty if it was found, and something that it imports was not."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing is None or not f"{name}.".startswith(f"{missing}.") or _frames(error):
        return ""
    return f"; looked in the working directory {Path.cwd()}, and in the worker's installed packages"


def _attribute(owner: Any, name: str, handler: str, key: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError as error:
        if not _frames(error):
            near = nearest(name, (one for one in dir(owner) if not one.startswith("_")))
            hint = f"; did you mean {near!r}?" if near else ""
            raise InvalidSettingError(key, f"{_called(owner)} has no {name!r}{hint}") from None
        raised: BaseException = error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module's own __getattr__ may import things too
        raised = error
    raise InvalidSettingError(key, f"cannot get {handler!r}: {_said(raised)}{_place(raised)}") from None


def _called(owner: Any) -> str:
    name, file = getattr(owner, "__name__", type(owner).__name__), getattr(owner, "__file__", None)
    return f"module {name!r} ({file})" if file else repr(name)


def _said(error: BaseException) -> str:
    """Return the error in one line."""
    return " ".join(described(error).split()).removesuffix(":")


def _place(error: BaseException) -> str:
    """Return ` (FILE:LINE)`: the innermost line of the user's code, or else the innermost line."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({error.filename}:{error.lineno})"
    frames = _frames(error)
    written = [frame for frame in frames if not frame.filename.startswith(_INSTALLED)]
    if not frames:
        return ""
    frame = (written or frames)[-1]
    return f" ({frame.filename}:{frame.lineno})"


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Return the lines that an error came through, without ours and those of the import system."""
    frames = traceback.extract_tb(error.__traceback__)
    return [one for one in frames if one.filename not in (__file__, importlib.__file__) and one.filename[:1] != "<"]


_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
