"""What the manifests for Kubernetes say, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.deploy.kit import DEPLOY
from tests.deploy.kustomize import built

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deploy.kustomize import Resource

FOLDER = DEPLOY / "kubernetes"
WORKER, MONITORED = FOLDER / "worker", FOLDER / "with-monitoring"
PROPERTIES = WORKER / "worker.properties"


def one(kind: str, folder: Path = MONITORED) -> Resource:
    (found,) = (resource for resource in built(folder) if resource["kind"] == kind)
    return found


def pod() -> dict[str, Any]:
    found: dict[str, Any] = one("Deployment")["spec"]["template"]["spec"]
    return found


def container() -> dict[str, Any]:
    (found,) = pod()["containers"]
    return dict(found)


def writable() -> list[str]:
    """Return the folders that the container may write to."""
    empty = {volume["name"] for volume in pod()["volumes"] if "emptyDir" in volume}
    mounts = {mount["mountPath"]: mount["name"] for mount in container()["volumeMounts"] if not mount.get("readOnly")}
    assert set(mounts.values()) <= empty
    return sorted(mounts)
