"""What `kubectl apply --kustomize` makes of our folders, as far as they use it: an unknown key is an error."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Resource = dict[str, Any]
_KNOWN = {"apiVersion", "kind", "resources", "configMapGenerator", "images", "patches"}


def read(path: Path) -> Resource:
    found = yaml.safe_load(path.read_text())
    assert isinstance(found, dict), path
    return found


def built(folder: Path) -> list[Resource]:
    """Return the resources of a folder; a name of a config map is without the hash of its content."""
    kustomization = read(folder / "kustomization.yaml")
    assert set(kustomization) <= _KNOWN, f"{folder}: {set(kustomization) - _KNOWN}"
    resources = list(_resources(folder, kustomization))
    for patch in kustomization.get("patches", []):
        _apply(patch, resources)
    for image in kustomization.get("images", []):
        _tag(image, resources)
    return resources


def _resources(folder: Path, kustomization: Resource) -> Iterator[Resource]:
    for name in kustomization["resources"]:
        if (folder / name).is_dir():
            yield from built(folder / name)
        else:
            yield copy.deepcopy(read(folder / name))
    for made in kustomization.get("configMapGenerator", []):
        assert set(made) == {"name", "files"}
        data = {name: (folder / name).read_text() for name in made["files"]}
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": made["name"]}, "data": data}


def _apply(patch: Resource, resources: list[Resource]) -> None:
    target = patch["target"]
    (resource,) = (one for one in resources if (one["kind"], one["metadata"]["name"]) == tuple(target.values()))
    for step in yaml.safe_load(patch["patch"]):
        assert step["op"] == "remove"
        *way, last = step["path"].strip("/").split("/")
        for name in way:
            resource = resource[name]
        del resource[last]


def _tag(image: Resource, resources: list[Resource]) -> None:
    containers = [
        container
        for one in resources
        if one["kind"] == "Deployment"
        for container in one["spec"]["template"]["spec"]["containers"]
        if container["image"] == image["name"]
    ]
    assert containers, f"no container has the image {image['name']}"
    for container in containers:
        container["image"] = f"{image['name']}:{image['newTag']}"
