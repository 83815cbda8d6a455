"""The manifests for Kubernetes: valid by its own schemas, hardened, and in agreement with their worker."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from record_processor import __version__
from record_processor.catalog.actions_file import read_actions
from record_processor.host.metrics import catalogue
from tests.deploy.kit import DEPLOY, ROOT, SHARDS_PER_GIBIBYTE, configuration, needed_megabytes, stop_seconds
from tests.deploy.kustomize import Resource, built, read
from tests.deploy.manifests import FOLDER, MONITORED, PROPERTIES, WORKER, container, one, pod
from tests.deploy.schemas import EXTENSIONS
from tests.promtool import promtool

VALIDATE = Path(sys.executable).parent / "kubernetes-validate"
# The oldest that knows all that is used, and the newest that the pinned schemas have.
VERSIONS = ("1.27", "1.37")


def validated(folder: Path, resources: list[Resource], version: str) -> subprocess.CompletedProcess[str]:
    file = folder / "resources.yaml"
    file.write_text(yaml.safe_dump_all(resources))
    command = [str(VALIDATE), "--strict", "--kubernetes-version", version, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", [WORKER, MONITORED], ids=lambda folder: folder.name)
def test_kubernetes_accepts_every_resource(tmp_path: Path, folder: Path, version: str) -> None:
    own = [resource for resource in built(folder) if resource["kind"] not in EXTENSIONS]
    answer = validated(tmp_path, own, version)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    # A kind without a schema is a warning, and would be no test.
    assert (answer.stdout + answer.stderr).count("passed for resource") == len(own)


def test_a_misspelled_key_is_found(tmp_path: Path) -> None:
    wrong = copy.deepcopy(one("Deployment"))
    wrong["spec"]["template"]["spec"]["enableServiceLink"] = False
    assert validated(tmp_path, [wrong], VERSIONS[-1]).returncode != 0


@pytest.mark.parametrize("kind", EXTENSIONS)
def test_the_extensions_have_their_shape(kind: str) -> None:
    jsonschema.validate(one(kind), EXTENSIONS[kind])


def test_the_alerts_are_those_that_are_tested() -> None:
    tested = yaml.safe_load((DEPLOY / "prometheus/record-processor.rules.yml").read_text())
    assert one("PrometheusRule")["spec"] == tested


@pytest.mark.parametrize("folder", [WORKER, MONITORED], ids=lambda folder: folder.name)
def test_kubectl_makes_of_a_folder_what_these_tests_look_at(folder: Path) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("there is no kubectl: what it would make is put together by tests/deploy/kustomize.py alone")
    answer = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    without_hash = re.sub(r"(name: record-processor)-[0-9a-z]{10}\b", r"\1", answer.stdout)
    in_order = [
        sorted(json.dumps(each, sort_keys=True) for each in resources)
        for resources in (yaml.safe_load_all(without_hash), built(folder))
    ]
    assert in_order[0] == in_order[1]


@pytest.mark.parametrize("folder", [WORKER, MONITORED], ids=lambda folder: folder.name)
def test_a_folder_has_no_file_that_nothing_names(folder: Path) -> None:
    kustomization = read(folder / "kustomization.yaml")
    named = {*kustomization["resources"], "kustomization.yaml"}
    named |= {name for made in kustomization.get("configMapGenerator", []) for name in made["files"]}
    assert {file.name for file in folder.iterdir()} == named - {"../worker"}


def test_the_pod_waits_for_a_worker_that_stops() -> None:
    assert pod()["terminationGracePeriodSeconds"] >= stop_seconds(PROPERTIES)


def test_probes_ask_the_port_that_the_worker_listens_on() -> None:
    monitoring = configuration(PROPERTIES).monitoring
    assert monitoring is not None
    (port,) = container()["ports"]
    assert (port["containerPort"], monitoring.address) == (monitoring.port, "0.0.0.0")  # noqa: S104
    paths = {name: container()[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {get["port"] for get in paths.values()} == {port["name"]}
    assert [get["path"] for get in paths.values()] == ["/healthz", "/healthz", "/readyz"]
    assert one("Service")["spec"]["ports"][0]["targetPort"] == port["name"]
    assert one("Service")["spec"]["ports"][0]["name"] == one("ServiceMonitor")["spec"]["endpoints"][0]["port"]


def test_everything_selects_the_pods_of_the_deployment() -> None:
    labels = one("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert one("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels
    assert one("Service")["spec"]["selector"] == labels
    assert one("ServiceMonitor")["spec"]["selector"]["matchLabels"] == one("Service")["metadata"]["labels"]
    assert one("ScaledObject")["spec"]["scaleTargetRef"]["name"] == one("Deployment")["metadata"]["name"]


def test_the_container_may_do_little_that_it_does_not_need() -> None:
    assert container()["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert f"USER {pod()['securityContext']['runAsUser']}\n" in (ROOT / "Dockerfile").read_text()
    assert pod()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (pod()["enableServiceLinks"], pod()["automountServiceAccountToken"]) == (False, False)
    assert one("ServiceAccount")["automountServiceAccountToken"] is False


def test_an_update_takes_no_worker_away_before_a_new_one_is_ready() -> None:
    assert one("Deployment")["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert one("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_the_number_of_workers_is_kedas_where_there_is_keda() -> None:
    assert "replicas" in one("Deployment", WORKER)["spec"]
    assert "replicas" not in one("Deployment", MONITORED)["spec"]


def test_the_example_runs_this_version_with_a_configuration_that_is_accepted() -> None:
    assert container()["image"].endswith(f":{__version__}")
    assert read_actions(WORKER / "actions.yaml")


def trigger(kind: str) -> dict[str, Any]:
    (found,) = (each for each in one("ScaledObject")["spec"]["triggers"] if each["type"] == kind)
    return dict(found)


def test_the_memory_is_enough_for_the_shards_that_it_is_said_to_be() -> None:
    assert container()["resources"]["limits"] == {"memory": "1Gi"}
    assert container()["resources"]["requests"]["memory"] == "1Gi"
    assert f"Up to {SHARDS_PER_GIBIBYTE} shards" in (WORKER / "deployment.yaml").read_text()
    assert needed_megabytes(SHARDS_PER_GIBIBYTE) <= 1024


def query() -> str:
    return str(trigger("prometheus")["metadata"]["query"])


def test_workers_are_added_by_metrics_that_are_exported() -> None:
    named = set(re.findall(r"\brecord_processor_\w+", query()))
    assert named == {catalogue.LAG_SECONDS.name, catalogue.BLOCKED_SHARDS.name, catalogue.INFO.name}


def test_the_lag_that_counts_is_that_of_the_application_that_is_configured() -> None:
    assert set(re.findall(r'application="([^"]*)"', query())) == {configuration(PROPERTIES).application_name}


def test_a_worker_whose_cpu_is_looked_at_says_how_much_it_needs() -> None:
    assert trigger("cpu")["metricType"] == "Utilization"
    assert container()["resources"]["requests"]["cpu"]


def series(metric: str, values: dict[str, int], **labels: str) -> list[dict[str, str]]:
    """What Prometheus has of two workers by name; that of another application has more of everything."""
    written = []
    for name, value in {**values, "other": 999}.items():
        own = {"job": "any", "namespace": "n", "pod": name, **labels}
        if metric == catalogue.INFO.name:
            own["application"] = "other" if name == "other" else "orders-worker"
        text = ",".join(f'{key}="{said}"' for key, said in own.items())
        written.append({"series": f"{metric}{{{text}}}", "values": f"{value}x5"})
    return written


def asked(folder: Path, lag: dict[str, int], blocked: dict[str, int]) -> str:
    """What the query makes of it: a number, or nothing; promtool says it in its complaint about another one."""
    known = [
        *series(catalogue.LAG_SECONDS.name, lag, table="Orders"),
        *series(catalogue.BLOCKED_SHARDS.name, {**blocked}, table="Orders"),
        *series(catalogue.INFO.name, dict.fromkeys(lag, 1)),
    ]
    expected = {"expr": query(), "eval_time": "5m", "exp_samples": [{"labels": "{}", "value": -1}]}
    test = {"rule_files": [], "tests": [{"interval": "1m", "input_series": known, "promql_expr_test": [expected]}]}
    (folder / "test.yml").write_text(yaml.safe_dump(test))
    command = [promtool(), "test", "rules", "test.yml"]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    (got,) = re.findall(r"got:(.*)", answer.stdout + answer.stderr)
    return str(got).strip()


@pytest.mark.parametrize(
    ("lag", "blocked", "said"),
    [
        ({"a": 300, "b": 20}, {"a": 0, "b": 0}, "{} 3E+02"),
        ({"a": 300, "b": 20}, {"a": 1, "b": 0}, "{} 2E+01"),
        ({"a": 300, "b": 20}, {"a": 1, "b": 1}, "{} 0E+00"),
        ({"a": 0, "b": 0}, {"a": 0, "b": 0}, "{} 0E+00"),
        ({}, {}, "nil"),
    ],
    ids=["the slowest", "one is blocked", "both are blocked", "all is done", "no worker is known"],
)
def test_lag_adds_workers_unless_an_action_is_blocked(
    tmp_path: Path, lag: dict[str, int], blocked: dict[str, int], said: str
) -> None:
    assert asked(tmp_path, lag, blocked) == said


def test_the_manifests_name_files_that_exist() -> None:
    text = "".join(file.read_text() for file in FOLDER.rglob("*.yaml"))
    named = re.findall(r"\b(?:docs|deploy)/[\w./-]+\w", text)
    assert len(named) > 2
    assert [name for name in named if not (ROOT / name).exists()] == []
