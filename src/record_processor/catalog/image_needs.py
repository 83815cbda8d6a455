"""Which settings look at an image that a stream's records may not have: that depends on the stream's view type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.catalog.check_report import ImageNeed
from record_processor.config.wording import written_path
from record_processor.filters.missing_images import Loss, loss
from record_processor.records.template import Template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from record_processor.config.wording import KeyPath
    from record_processor.config.yaml_file import YamlFile
    from record_processor.plugin.action import Action

MISSING = {
    "KEYS_ONLY": ("new", "old"),
    "NEW_IMAGE": ("old",),
    "OLD_IMAGE": ("new",),
    "NEW_AND_OLD_IMAGES": (),
}
"""By view type: the images that no record has."""

_FIELDS = {"new": "NewImage", "old": "OldImage"}


def of_action(action: Action[Any], index: int, file: YamlFile) -> Iterator[ImageNeed]:
    """Yield what each view type would take from an action, which is given with its position in the file."""
    at: KeyPath = ("actions", index)
    for view_type, missing in MISSING.items():
        for key_path, consequence, is_fatal in _losses(action, missing, at):
            place = file.mistake(key_path, "").place
            yield ImageNeed(view_type, place, written_path(key_path), consequence, is_fatal)


def _losses(action: Action[Any], missing: tuple[str, ...], at: KeyPath) -> Iterator[tuple[KeyPath, str, bool]]:
    for image in action.needed_images:
        if image in missing:
            yield (*at, "type"), f"{action.settings.type} cannot work without {_FIELDS[image]}", True
    pattern = action.settings.filter
    if pattern is not None:
        without = " and ".join(_FIELDS[image] for image in missing)
        lost = loss(pattern, [_FIELDS[image] for image in missing])
        if lost is Loss.ALL:
            yield (*at, "filter"), f"it looks at {without}, so it can never match: the action would get nothing", True
        elif lost is Loss.SOME:
            yield (*at, "filter"), f"the parts of it that look at {without} can never match", True
    for key_path, template in _templates(action.settings, at):
        yield from _in_template(template, missing, key_path)


def _in_template(template: Template, missing: tuple[str, ...], at: KeyPath) -> Iterator[tuple[KeyPath, str, bool]]:
    lost = [place for place in template.places() if place.steps[0] in missing]
    empty = sorted({str(place) for place in lost if place.default is None})
    if empty:
        yield at, f"{', '.join(empty)} would never have a value", True
    defaults = sorted({str(place) for place in lost if place.default is not None})
    if defaults:
        yield at, f"{', '.join(defaults)} would always be the default", False


def _templates(value: Any, at: KeyPath) -> Iterator[tuple[KeyPath, Template]]:
    """Yield all templates in settings, each with its place in the file."""
    if isinstance(value, Template):
        yield at, value
    elif isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            yield from _templates(getattr(value, field.name), (*at, field.encode_name))
    elif isinstance(value, dict):
        for key, inside in value.items():
            yield from _templates(inside, (*at, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, inside in enumerate(value):
            yield from _templates(inside, (*at, index))
