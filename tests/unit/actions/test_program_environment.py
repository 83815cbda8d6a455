"""What a program of `command` gets of the worker's environment."""

from __future__ import annotations

import pytest

from record_processor.actions.command import CommandAction, CommandSettings
from record_processor.actions.programs.program_environment import ProgramEnvironment
from record_processor.errors import InvalidSettingError

SECRETS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token",
    "RECORD_PROCESSOR_AWS_CREDENTIALS_PROVIDER": "StaticCredentialsProvider|key|secret",
    "RP_ACTIONS": "actions.json",
    "PARTNER_TOKEN": "token",
}


@pytest.fixture(autouse=True)
def of_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def test_a_program_gets_no_credentials_and_nothing_of_ours() -> None:
    assert not SECRETS.keys() & ProgramEnvironment.of([]).variables().keys()


def test_a_program_gets_what_any_program_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = {
        "PATH": "/bin",
        "HOME": "/home/x",
        "USER": "x",
        "LANG": "C.UTF-8",
        "LC_TIME": "C",
        "TZ": "UTC",
        "TMPDIR": "/x",
    }
    for name, value in needed.items():
        monkeypatch.setenv(name, value)
    assert needed.items() <= ProgramEnvironment.of([]).variables().items()


def test_the_marks_by_which_its_descendants_are_found_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    marks = {"RP_WORKER": "0123", "RP_PROCESS": "4567"}
    for name, value in marks.items():
        monkeypatch.setenv(name, value)
    assert marks.items() <= ProgramEnvironment.of([]).variables().items()


def test_what_is_named_is_passed_on_where_it_is_set_and_what_has_a_value_is_set() -> None:
    variables = ProgramEnvironment.of(["PARTNER_TOKEN", "NOT_SET_ANYWHERE", "MODE=a=b", "EMPTY="]).variables()
    assert variables["PARTNER_TOKEN"] == "token"
    assert (variables["MODE"], variables["EMPTY"]) == ("a=b", "")
    assert "NOT_SET_ANYWHERE" not in variables


def test_a_map_sets_each_of_its_names_and_passes_nothing_on() -> None:
    variables = ProgramEnvironment.of({"MODE": "a=b", "EMPTY": ""}).variables()
    assert (variables["MODE"], variables["EMPTY"]) == ("a=b", "")
    assert "PARTNER_TOKEN" not in variables


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        (["A", "hunter2 hunter2"], "entry 2: expected NAME, or NAME=VALUE"),
        (["=hunter2"], "entry 1: expected NAME"),
        (["RP_PROCESS=hunter2"], "the worker's own"),
        (["A=hunter2", "A"], "A is listed twice"),
        (["A=hunter2\0"], "A: has a NUL"),
        ({"hunter2 hunter2": ""}, "entry 1: expected the name of a variable"),
        ({"RP_PROCESS": "hunter2"}, "the worker's own"),
        ({"A": "hunter2\0"}, "A: has a NUL"),
    ],
)
def test_an_entry_that_cannot_work_is_refused_and_not_shown(entries: list[str] | dict[str, str], says: str) -> None:
    with pytest.raises(InvalidSettingError, match=says) as refused:
        ProgramEnvironment.of(entries)
    assert "hunter2" not in str(refused.value)


def test_the_program_is_looked_for_on_the_path_that_it_is_given() -> None:
    def built(*env: str) -> CommandAction:
        return CommandAction(CommandSettings(name="a", type="command", command=["sh"], env=list(env)))

    built()
    with pytest.raises(InvalidSettingError, match="'sh' is not a program"):
        built("PATH=/nowhere")


def test_a_nul_in_an_argument_is_refused() -> None:
    with pytest.raises(InvalidSettingError, match="contains a NUL"):
        CommandAction(CommandSettings(name="a", type="command", command=["sh", "a\0b"]))
