"""What each action says of its needs outside the machine, and what the reports make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from record_processor.catalog import needs, registry
from record_processor.catalog.actions_file import read_file
from record_processor.config.yaml_file import read_yaml
from record_processor.plugin.action import Action
from record_processor.plugin.settings import ActionSettings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from record_processor.catalog.check_report import Needs
    from record_processor.records.change_record import ChangeRecord

CODE_OF_USERS = {"command", "python"}


def defined(kind: type[Action[Any]], name: str) -> bool:
    return any(name in base.__dict__ for base in kind.__mro__ if base is not Action and issubclass(base, Action))


@pytest.mark.parametrize("type_name", registry.built_in())
@pytest.mark.parametrize("what", ["permissions", "probes"])
def test_every_action_of_ours_says_itself_what_it_needs(type_name: str, what: str) -> None:
    assert defined(registry.find(type_name), what)


def of(folder: Path, actions: str) -> Needs:
    path = folder / "actions.yaml"
    path.write_text(f"actions:\n{actions}")
    read = read_file(path)
    return needs.of_actions(read.built, read.file)


@pytest.mark.parametrize("type_name", sorted(set(registry.built_in()) - CODE_OF_USERS))
def test_the_example_of_every_action_has_permissions_on_exact_resources(
    type_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTNER_SECRET", "a")
    monkeypatch.setenv("PARTNER_TOKEN", "b")
    found = of(tmp_path, registry.find(type_name).example)
    assert found.unknown_permissions == []
    for one in found.permissions:
        assert all(call.partition(":")[2].isalpha() for call in one.calls)
        assert all(resource.startswith("arn:") for resource in one.resources)
        assert type_name == "s3" or "*" not in "".join(one.resources)


def test_an_action_with_code_of_users_is_named_as_unknown(tmp_path: Path) -> None:
    found = of(tmp_path, "- {name: mine, type: command, command: ['true']}\n")
    assert found.unknown_permissions == ["mine (command)"]


class Silent(Action[ActionSettings]):
    settings_type = ActionSettings

    def deliver(self, records: Sequence[ChangeRecord]) -> None:
        pass


class Broken(Silent):
    @property
    def permissions(self) -> None:
        raise RuntimeError("of a plug-in")

    @property
    def probes(self) -> None:
        raise RuntimeError("of a plug-in")


@pytest.mark.parametrize(
    ("kind", "unknown", "question"),
    [
        (Silent, "x (silent)", "type silent"),
        (Broken, "x (silent: RuntimeError: of a plug-in)", "its probes: RuntimeError: of a plug-in"),
    ],
)
def test_a_plug_in_that_says_nothing_or_fails_is_named(
    kind: type[Silent], unknown: str, question: str, tmp_path: Path
) -> None:
    (tmp_path / "actions.yaml").write_text("actions: []\n")
    action = kind(ActionSettings(name="x", type="silent"))
    found = needs.of_actions({0: action}, read_yaml(tmp_path / "actions.yaml"))
    assert found.unknown_permissions == [unknown]
    assert [(one.what, one.aws, one.address) for one in found.questions] == [(question, None, None)]


@pytest.mark.parametrize(
    ("settings", "resource"),
    [
        (
            "type: sqs, queue_url: 'https://sqs.eu-west-1.amazonaws.com/123456789012/a'",
            "arn:{partition}:sqs:eu-west-1:123456789012:a",
        ),
        (
            "type: sqs, queue_url: 'https://queue.amazonaws.com/123456789012/a'",
            "arn:{partition}:sqs:us-east-1:123456789012:a",
        ),
        (
            "type: sqs, queue_url: 'https://eu-west-1.queue.amazonaws.com/123456789012/a'",
            "arn:{partition}:sqs:eu-west-1:123456789012:a",
        ),
        ("type: sqs, queue_url: 'http://localhost:9324/queue/a'", "arn:{partition}:sqs:{region}:{account}:a"),
        (
            "type: kinesis, stream: 'arn:aws:kinesis:eu-west-1:123456789012:stream/a'",
            "arn:aws:kinesis:eu-west-1:123456789012:stream/a",
        ),
        ("type: firehose, stream: a", "arn:{partition}:firehose:{region}:{account}:deliverystream/a"),
        ("type: eventbridge", "arn:{partition}:events:{region}:{account}:event-bus/default"),
        ("type: lambda, function: a", "arn:{partition}:lambda:{region}:{account}:function:a"),
        ("type: lambda, function: 'a:live'", "arn:{partition}:lambda:{region}:{account}:function:a:live"),
        (
            "type: lambda, function: '123456789012:function:a', qualifier: '3'",
            "arn:{partition}:lambda:{region}:123456789012:function:a:3",
        ),
        (
            "type: lambda, function: 'arn:aws:lambda:eu-west-1:123456789012:function:a'",
            "arn:aws:lambda:eu-west-1:123456789012:function:a",
        ),
        ("type: dynamodb, table: Copy", "arn:{partition}:dynamodb:{region}:{account}:table/Copy"),
        ("type: s3, bucket: shop", "arn:{partition}:s3:::shop/*/x/*/*/*-*.jsonl.gz"),
        (
            "type: s3, bucket: shop, gzip: false, key: 'a*$/{shard:>99}/{date}/{first}-{last}'",
            "arn:{partition}:s3:::shop/a${*}${$}/*/*/*-*",
        ),
        (
            "type: s3, bucket: 'arn:aws:s3:eu-west-1:123456789012:accesspoint/shop', gzip: false, "
            "key: '{table}/{first}-{last}'",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/shop/object/*/*-*",
        ),
    ],
)
def test_a_resource_is_as_exact_as_the_settings_are(settings: str, resource: str, tmp_path: Path) -> None:
    (found,) = of(tmp_path, f"- {{name: x, {settings}}}\n").permissions
    assert found.resources == (resource,)


def test_a_table_whose_deleted_items_are_kept_for_a_while_needs_no_deletion(tmp_path: Path) -> None:
    (kept,) = of(tmp_path, "- {name: x, type: dynamodb, table: Copy}\n").permissions
    (removed,) = of(tmp_path, "- {name: x, type: dynamodb, table: Copy, keep_deleted: 0s}\n").permissions
    assert kept.calls == ("dynamodb:PutItem",)
    assert removed.calls == ("dynamodb:PutItem", "dynamodb:DeleteItem")


LETTERS = {
    "{type: file, path: dead.jsonl}": {},
    "{type: sns, topic_arn: 'arn:aws:sns:eu-west-1:123456789012:dead'}": {"store": {"sns:Publish"}},
    "{type: sqs, queue_url: 'https://sqs.eu-west-1.amazonaws.com/123456789012/dead'}": {
        "store": {"sqs:SendMessage"},
        "replay": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"},
        "look": {"sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"},
    },
    "{type: s3, bucket: dead}": {
        "store": {"s3:PutObject"},
        "replay": {"s3:ListBucket", "s3:GetObject", "s3:DeleteObject", "s3:PutObject"},
        "look": {"s3:ListBucket", "s3:GetObject"},
    },
    "{type: dynamodb, table: Dead}": {
        "store": {"dynamodb:PutItem"},
        "replay": {"dynamodb:Scan", "dynamodb:DeleteItem", "dynamodb:UpdateItem"},
        "look": {"dynamodb:Scan"},
    },
}


@pytest.mark.parametrize("letters", LETTERS)
def test_dead_letters_need_other_calls_for_storing_replaying_and_looking(letters: str, tmp_path: Path) -> None:
    found: dict[str, set[str]] = {}
    for one in of(tmp_path, f"- {{name: x, type: log, dead_letter: {letters}}}\n").permissions:
        found.setdefault(one.purpose, set()).update(one.calls)
    assert found == LETTERS[letters]


VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")


@pytest.mark.parametrize(
    ("settings", "fatal", "harmless"),
    [
        ("type: log", set(), set()),
        ("type: log, filter: {eventName: [INSERT]}", set(), set()),
        ("type: log, filter: {dynamodb: {Keys: {id: {S: [a]}}}}", set(), set()),
        ("type: log, filter: {dynamodb: {OldImage: {Status: {S: [a]}}}}", {"KEYS_ONLY", "NEW_IMAGE"}, set()),
        ("type: log, filter: {dynamodb.NewImage.Status.S: [a]}", {"KEYS_ONLY", "OLD_IMAGE"}, set()),
        (
            "type: log, filter: {dynamodb: {OldImage: {Status: {S: [{anything-but: a}]}}}}",
            {"KEYS_ONLY", "NEW_IMAGE"},
            set(),
        ),
        ("type: log, filter: {dynamodb: {OldImage: {Status: {S: [{exists: false}]}}}}", set(), set()),
        ("type: log, filter: {dynamodb: {OldImage: {Status: {S: [a, {exists: false}]}}}}", set(), set()),
        (
            "type: log, filter: {dynamodb: {$or: [{OldImage: {a: {S: [x]}}}, {NewImage: {a: {S: [x]}}}]}}",
            {"KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE"},
            set(),
        ),
        (
            "type: log, filter: [{eventName: [REMOVE]}, {dynamodb: {NewImage: {a: {S: [x]}}}}]",
            {"KEYS_ONLY", "OLD_IMAGE"},
            set(),
        ),
        ("type: log, template: {id: '{keys.id}', total: '{new.Total}'}", {"KEYS_ONLY", "OLD_IMAGE"}, set()),
        ("type: log, template: {id: '{keys.id}', total: '{new.Total:0}'}", set(), {"KEYS_ONLY", "OLD_IMAGE"}),
        (
            "type: sns, topic_arn: 'arn:aws:sns:eu-west-1:123456789012:a', attributes: {was: 'from {old.Status}'}",
            {"KEYS_ONLY", "NEW_IMAGE"},
            set(),
        ),
        ("type: dynamodb, table: Copy", {"KEYS_ONLY", "OLD_IMAGE"}, set()),
    ],
)
def test_what_looks_at_an_image_is_known_by_view_type(
    settings: str, fatal: set[str], harmless: set[str], tmp_path: Path
) -> None:
    found = of(tmp_path, f"- {{name: x, {settings}}}\n").images
    assert {one.view_type for one in found if one.is_fatal} == fatal
    assert {one.view_type for one in found if not one.is_fatal} == harmless
    assert all(one.place.endswith("actions.yaml:2") for one in found)


def test_a_template_is_named_with_its_place(tmp_path: Path) -> None:
    found = of(tmp_path, "- name: x\n  type: log\n  template:\n    a: 'was {old.a.b[0]}, {old.c:none}'\n").images
    assert {(one.place.rpartition(":")[2], one.setting, one.consequence) for one in found} == {
        ("4", "actions[0].template", "{old.a.b[0]} would never have a value"),
        ("4", "actions[0].template", "{old.c:none} would always be the default"),
    }
