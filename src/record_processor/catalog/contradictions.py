"""Errors between actions that are each valid alone: destinations that two of them cannot share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from record_processor.dead_letters.settings import DynamoDBDeadLetter, FileDeadLetter, SnsDeadLetter, SqsDeadLetter

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from record_processor.config.wording import Problem
    from record_processor.plugin.action import Action


def between(actions: Mapping[int, Action[Any]]) -> Iterator[Problem]:
    """Yield every contradiction between actions, which are given by their positions in the file."""
    first: dict[Hashable, int] = {}
    for index, action in actions.items():
        destination = action.destination
        if destination is None:
            continue
        other = first.setdefault(destination.place, index)
        if other == index or not destination.harm or _are_told_apart(action, actions[other]):
            continue
        where = f"actions[{other}] ({actions[other].settings.name})"
        yield ("actions", index, destination.key), f"{where} has the same destination: {destination.harm}"
    yield from _letters_among_records(actions, first)


def _are_told_apart(one: Action[Any], other: Action[Any]) -> bool:
    """Return whether filters may give each of the two its own records, and that is enough."""
    shared = one.destination is not None and one.destination.shared_by_filters
    return shared and one.settings.filter is not None and other.settings.filter is not None


def _letters_among_records(actions: Mapping[int, Action[Any]], first: Mapping[Hashable, int]) -> Iterator[Problem]:
    for index, action in actions.items():
        place = _place_of_letters(action)
        if place in first:
            where = f"actions[{first[place]}] ({actions[first[place]].settings.name})"
            yield (
                ("actions", index, "dead_letter"),
                f"the dead letters would go where {where} writes its records, and replay could not read them back; "
                "give them their own destination",
            )


def _place_of_letters(action: Action[Any]) -> Hashable:
    """Return a destination like `Action.destination`; None if letters and records cannot meet."""
    settings = action.settings.dead_letter
    if isinstance(settings, FileDeadLetter):
        return "file", os.path.abspath(settings.file.replace("{action}", action.settings.name))  # noqa: PTH100 - text
    if isinstance(settings, SqsDeadLetter):
        return "sqs", settings.queue_url
    if isinstance(settings, SnsDeadLetter):
        return "sns", settings.topic_arn
    if isinstance(settings, DynamoDBDeadLetter):
        return "dynamodb", settings.table, settings.aws.region, settings.aws.endpoint, settings.aws.role_arn
    return None
