"""What the actions of a file need outside this machine: permissions, answers, and images in the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from record_processor.aws.probes import AwsProbe
from record_processor.catalog import image_needs
from record_processor.catalog.check_report import Account, Address, AwsCall, NeededPermission, Needs, Question
from record_processor.dead_letters import needs as letters
from record_processor.errors import described

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from record_processor.aws.permissions import Permission
    from record_processor.aws.probes import AddressProbe
    from record_processor.aws.settings import AwsSettings
    from record_processor.catalog.check_report import Purpose
    from record_processor.config.yaml_file import YamlFile
    from record_processor.plugin.action import Action


def of_actions(actions: Mapping[int, Action[Any]], file: YamlFile) -> Needs:
    """Return the needs of all actions; they are given by their positions in the file."""
    needs = Needs()
    for index, action in actions.items():
        _add_permissions(needs, action)
        needs.questions += _questions(action)
        needs.images += image_needs.of_action(action, index, file)
    return needs


def _add_permissions(needs: Needs, action: Action[Any]) -> None:
    name, dead, own, reason = action.settings.name, action.settings.dead_letter, None, ""
    try:
        own = action.permissions
    except Exception as error:  # a plug-in's
        reason = f": {described(error)}"
    if own is None:
        needs.unknown_permissions.append(f"{name} ({action.settings.type}{reason})")
    needs.permissions += _placed(name, "deliver", own or ())
    if dead is not None:
        needs.permissions += _placed(name, "store", letters.to_store(dead, name))
        needs.permissions += _placed(name, "replay", letters.to_replay(dead, name))
        needs.permissions += _placed(name, "look", letters.to_look(dead, name))


def _placed(name: str, purpose: Purpose, permissions: Iterable[Permission]) -> Iterator[NeededPermission]:
    for one in permissions:
        condition = {operator: dict(keys) for operator, keys in one.condition.items()}
        yield NeededPermission(name, purpose, one.calls, one.resources, condition, _account(one.aws))


def _questions(action: Action[Any]) -> Iterator[Question]:
    name, dead = action.settings.name, action.settings.dead_letter
    try:
        own = action.probes
    except Exception as error:  # a plug-in's
        yield Question(name, f"its probes: {described(error)}")
        own = ()
    if own is None:
        yield Question(name, f"type {action.settings.type}")
    for probe in [*(own or ()), *(letters.to_ask(dead) if dead is not None else ())]:
        yield _question(name, probe)


def _question(name: str, probe: AwsProbe | AddressProbe) -> Question:
    if isinstance(probe, AwsProbe):
        parameters, account = dict(probe.parameters), _account(probe.aws)
        call = AwsCall(probe.service, probe.operation, parameters, probe.call, probe.resource, account)
        return Question(name, probe.what, aws=call)
    return Question(name, probe.what, address=Address(probe.host, probe.port, probe.is_tls, probe.ca_file))


def _account(aws: AwsSettings) -> Account:
    return Account(aws.region, aws.endpoint, aws.role_arn, aws.profile)
