"""What the template for ECS says, by name; its short forms of functions are read as the long ones."""

from __future__ import annotations

from typing import Any

import yaml

from tests.deploy.kit import DEPLOY

FOLDER = DEPLOY / "ecs"
FILE = FOLDER / "service.yaml"
PROPERTIES = FOLDER / "worker.properties"


class _Loader(yaml.SafeLoader):
    """Knows CloudFormation's tags."""


def _function(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    else:
        assert isinstance(node, yaml.SequenceNode)
        value = loader.construct_sequence(node, deep=True)
    return {name if name == "Ref" else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _function)


def template() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(FILE.read_text(), _Loader)  # noqa: S506
    return found


def resource(name: str) -> dict[str, Any]:
    found: dict[str, Any] = template()["Resources"][name]["Properties"]
    return found


def container() -> dict[str, Any]:
    (found,) = resource("TaskDefinition")["ContainerDefinitions"]
    return dict(found)


def health_program() -> str:
    """Return what the health check runs."""
    (*python, program) = container()["HealthCheck"]["Command"]
    assert python == ["CMD", "python", "-c"]
    return str(program)


def writable() -> list[str]:
    """Return the folders that the container may write to."""
    return [mount["ContainerPath"] for mount in container()["LinuxParameters"]["Tmpfs"]]
