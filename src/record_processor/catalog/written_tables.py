"""The DynamoDB tables that actions write to: one of them may be a table whose changes they receive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.catalog.check_report import WrittenTable
from record_processor.config.wording import written_path
from record_processor.dead_letters.settings import DynamoDBDeadLetter
from record_processor.plugin.action import TableWrite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from record_processor.config.wording import KeyPath
    from record_processor.config.yaml_file import YamlFile
    from record_processor.plugin.action import Action

_LETTERS_END = "Write the letters to another table, or give the action a filter that lets none of them through"


def of_actions(actions: Mapping[int, Action[Any]], file: YamlFile) -> list[WrittenTable]:
    """Return all tables that the actions write to; actions are given by their positions in the file."""
    return [_placed(write, index, file) for index, action in actions.items() for write in _writes(action)]


def _placed(write: TableWrite, index: int, file: YamlFile) -> WrittenTable:
    key_path: KeyPath = ("actions", index, *write.key.split("."))
    aws = write.aws
    return WrittenTable(
        file.mistake(key_path, "").place,
        written_path(key_path),
        write.table,
        aws.region,
        aws.endpoint,
        aws.role_arn,
        aws.profile,
        write.may_loop,
        write.way_out,
    )


def _writes(action: Action[Any]) -> Iterator[TableWrite]:
    if action.written_table is not None:
        yield action.written_table
    letters = action.settings.dead_letter
    if isinstance(letters, DynamoDBDeadLetter):
        has_filter = action.settings.filter is not None
        yield TableWrite("dead_letter.table", letters.table, letters.aws, has_filter, _LETTERS_END)
