"""The shapes of what extends Kubernetes, as far as deploy/ uses it: anything else is refused, a misspelled key too."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string", "minLength": 1}
_FLAG: Schema = {"enum": ["true", "false"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_DURATION: Schema = {"type": "string", "pattern": r"^\d+(ms|s|m|h)$"}
_LABELS: Schema = {"type": "object", "additionalProperties": _TEXT, "minProperties": 1}


def _closed(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _resource(version: str, kind: str, spec: Schema) -> Schema:
    metadata = _closed({"name": _TEXT, "labels": _LABELS})
    return _closed({"apiVersion": {"const": version}, "kind": {"const": kind}, "metadata": metadata, "spec": spec})


_POLICY = _closed(
    {
        "type": {"enum": ["Pods", "Percent"]},
        "value": {"type": "integer", "minimum": 1},
        "periodSeconds": {"type": "integer", "minimum": 1, "maximum": 1800},
    }
)
_RULES = _closed(
    {"policies": {"type": "array", "items": _POLICY, "minItems": 1}},
    {"stabilizationWindowSeconds": {"type": "integer", "minimum": 0, "maximum": 3600}},
)
_BEHAVIOR = _closed({"behavior": _closed({"scaleUp": _RULES, "scaleDown": _RULES})})
# KEDA takes text alone: a number or a flag without quotes is refused when it is applied.
_PROMETHEUS = _closed(
    {
        "type": {"const": "prometheus"},
        "metricType": {"enum": ["Value", "AverageValue"]},
        "metadata": _closed({"serverAddress": _TEXT, "query": _TEXT, "threshold": _TEXT}, {"ignoreNullValues": _FLAG}),
    }
)
_CPU = _closed(
    {
        "type": {"const": "cpu"},
        "metricType": {"enum": ["Utilization", "AverageValue"]},
        "metadata": _closed({"value": _TEXT}, {"containerName": _TEXT}),
    }
)
_FALLBACK_BEHAVIORS = ["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"]

SCALED_OBJECT = _resource(
    "keda.sh/v1alpha1",
    "ScaledObject",
    _closed(
        {
            "scaleTargetRef": _closed({"name": _TEXT}),
            "minReplicaCount": _COUNT,
            "maxReplicaCount": {"type": "integer", "minimum": 1},
            "triggers": {"type": "array", "items": {"oneOf": [_PROMETHEUS, _CPU]}, "minItems": 1},
        },
        {
            "pollingInterval": _COUNT,
            "fallback": _closed(
                {"failureThreshold": _COUNT, "replicas": _COUNT}, {"behavior": {"enum": _FALLBACK_BEHAVIORS}}
            ),
            "advanced": _closed({"horizontalPodAutoscalerConfig": _BEHAVIOR}),
        },
    ),
)
SERVICE_MONITOR = _resource(
    "monitoring.coreos.com/v1",
    "ServiceMonitor",
    _closed(
        {
            "selector": _closed({"matchLabels": _LABELS}),
            "endpoints": {
                "type": "array",
                "minItems": 1,
                "items": _closed({"port": _TEXT, "path": _TEXT, "interval": _DURATION, "scrapeTimeout": _DURATION}),
            },
        }
    ),
)
_RULE = _closed(
    {"alert": _TEXT, "expr": _TEXT, "labels": _LABELS, "annotations": _LABELS},
    {"for": _DURATION},
)
PROMETHEUS_RULE = _resource(
    "monitoring.coreos.com/v1",
    "PrometheusRule",
    _closed(
        {"groups": {"type": "array", "items": _closed({"name": _TEXT, "rules": {"type": "array", "items": _RULE}})}}
    ),
)
EXTENSIONS = {"PrometheusRule": PROMETHEUS_RULE, "ScaledObject": SCALED_OBJECT, "ServiceMonitor": SERVICE_MONITOR}
