"""From an action's type in YAML to its class. An action is imported only when it is asked for.

Other packages add actions through the entry-point group `record_processor.actions`: the entry's name is the type, its
value the class, `package.module:Class`.
"""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.plugin.action import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "record_processor.actions"
OURS = "record-processor"

_BUILT_IN = {
    "command": "record_processor.actions.command:CommandAction",
    "dynamodb": "record_processor.actions.dynamodb:DynamoDBAction",
    "eventbridge": "record_processor.actions.eventbridge:EventBridgeAction",
    "file": "record_processor.actions.file:FileAction",
    "firehose": "record_processor.actions.firehose:FirehoseAction",
    "kinesis": "record_processor.actions.kinesis:KinesisAction",
    "lambda": "record_processor.actions.lambda_:LambdaAction",
    "log": "record_processor.actions.log:LogAction",
    "python": "record_processor.actions.python:PythonAction",
    "s3": "record_processor.actions.s3:S3Action",
    "sns": "record_processor.actions.sns:SnsAction",
    "sqs": "record_processor.actions.sqs:SqsAction",
    "webhook": "record_processor.actions.webhook:WebhookAction",
}


class Installed(NamedTuple):
    """An action that can be configured."""

    type_name: str
    package: str
    """The distribution that provides it."""
    target: str
    """`package.module:Class`."""


class BrokenActionError(Exception):
    """What an entry point names cannot be used as an action."""


def built_in() -> list[str]:
    """Return the types of this package's own actions."""
    return sorted(_BUILT_IN)


def names() -> list[str]:
    """Return the types of all installed actions."""
    return sorted({*_BUILT_IN, *(one.type_name for one in _others())})


def installed() -> list[Installed]:
    """Return all installed actions, by type; if a type is used twice, both."""
    ours = [Installed(name, OURS, target) for name, target in _BUILT_IN.items()]
    return sorted([*ours, *_others()])


def clashes() -> Iterator[tuple[str, list[str]]]:
    """Return types that more than one package provides, and the packages."""
    by_type: dict[str, list[str]] = {}
    for one in installed():
        by_type.setdefault(one.type_name, []).append(one.package)
    return ((name, packages) for name, packages in by_type.items() if len(packages) > 1)


def find(type_name: str) -> type[Action[Any]]:
    """Return the class of an action.

    Raises:
        KeyError: no installed action has this type.
        BrokenActionError: a package's entry point does not lead to an action.
    """
    # First, without looking at what else is installed: a shard process that needs only these starts sooner.
    if type_name in _BUILT_IN:
        found: type[Action[Any]] = _loaded(_BUILT_IN[type_name])
        return found
    one = {other.type_name: other for other in _others()}[type_name]
    try:
        loaded = _loaded(one.target)
    except Exception as error:  # whatever somebody else's module may raise while it is imported
        message = f"the package {one.package} cannot load {one.target}: {type(error).__name__}: {error}"
        raise BrokenActionError(message) from None
    if not isinstance(loaded, type) or not issubclass(loaded, Action) or not hasattr(loaded, "settings_type"):
        raise BrokenActionError(
            f"the package {one.package} names {one.target}, which is no action: expected a class that extends "
            "record_processor.plugin.Action and has a settings_type"
        )
    return loaded


@functools.cache
def _others() -> list[Installed]:
    from importlib.metadata import entry_points  # a shard process with built-in actions does not need it

    return [
        Installed(entry.name, entry.dist.name if entry.dist is not None else "?", entry.value)
        for entry in entry_points(group=GROUP)
    ]


def _loaded(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)
