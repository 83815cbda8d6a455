"""What an action is made of: the public API for packages that add actions.

Everything that such a package may rely on is in `__all__`. Names are imported when they are first used, so a shard
process pays only for those that its actions use.
"""

import importlib
from typing import TYPE_CHECKING

__all__ = [
    "Action",
    "ActionError",
    "ActionSettings",
    "AddressProbe",
    "AwsProbe",
    "AwsSettings",
    "Batch",
    "BatchEntry",
    "BatchedAction",
    "ByteSize",
    "CallFailedError",
    "CallTrace",
    "ChangeRecord",
    "Destination",
    "Duration",
    "FormattedSettings",
    "InvalidSettingError",
    "Limits",
    "NotTriedError",
    "PartialFailure",
    "PermanentError",
    "Permission",
    "RecordFormat",
    "Retry",
    "Shard",
    "Stream",
    "TableWrite",
    "Template",
    "TextTemplate",
    "UndecodableRecordError",
]

if TYPE_CHECKING:
    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AddressProbe, AwsProbe
    from record_processor.aws.settings import AwsSettings
    from record_processor.config.units import ByteSize, Duration
    from record_processor.errors import (
        ActionError,
        InvalidSettingError,
        NotTriedError,
        PartialFailure,
        PermanentError,
        UndecodableRecordError,
    )
    from record_processor.plugin.action import Action, CallTrace, Destination, TableWrite
    from record_processor.plugin.batched_action import BatchedAction, BatchEntry, CallFailedError, Limits
    from record_processor.plugin.record_format import FormattedSettings, RecordFormat
    from record_processor.plugin.settings import ActionSettings, Batch, Retry
    from record_processor.records.change_record import ChangeRecord
    from record_processor.records.stream import Shard, Stream
    from record_processor.records.template import Template, TextTemplate
else:
    _MODULES = {
        "aws.permissions": ("Permission",),
        "aws.probes": ("AddressProbe", "AwsProbe"),
        "aws.settings": ("AwsSettings",),
        "config.units": ("ByteSize", "Duration"),
        "errors": (
            "ActionError",
            "InvalidSettingError",
            "NotTriedError",
            "PartialFailure",
            "PermanentError",
            "UndecodableRecordError",
        ),
        "plugin.action": ("Action", "CallTrace", "Destination", "TableWrite"),
        "plugin.batched_action": ("BatchEntry", "BatchedAction", "CallFailedError", "Limits"),
        "plugin.record_format": ("FormattedSettings", "RecordFormat"),
        "plugin.settings": ("ActionSettings", "Batch", "Retry"),
        "records.change_record": ("ChangeRecord",),
        "records.stream": ("Shard", "Stream"),
        "records.template": ("Template", "TextTemplate"),
    }
    _MODULE_OF = {name: f"record_processor.{module}" for module, names in _MODULES.items() for name in names}

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(importlib.import_module(_MODULE_OF[name]), name))

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
