"""Environment variables that Kubernetes sets for its services and that only look like ours.

A service called `record-processor`, or `record-processor-metrics`, gives every container in its namespace variables
with our prefix, unless the pod says `enableServiceLinks: false`. Their shapes:
https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
"""

from __future__ import annotations

import re

_ITS_OWN = re.compile(r"\w*_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_ADDRESS = re.compile(r"(tcp|udp|sctp)://")


def is_service_link(variable: str, value: str) -> bool:
    """Return whether Kubernetes set it; `…_PORT` may be a property of ours too, and is told apart by its value."""
    address = variable.endswith("_PORT") and _ADDRESS.match(value)
    return bool(address or _ITS_OWN.fullmatch(variable))
