"""Environment variables that Kubernetes sets for its services, and that only look like ours.

A service called `record-processor`, or `record-processor-metrics`, gives every container of its namespace variables that
begin with our prefix, unless the pod says `enableServiceLinks: false`. Their shapes:
https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
"""

from __future__ import annotations

import re

_NAME = re.compile(
    r"(?:_\w+?)?_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?|(?P<port>PORT))"
)
_ADDRESS = re.compile(r"(?:tcp|udp|sctp)://")


def is_service_link(prefix: str, variable: str, value: str) -> bool:
    """Whether Kubernetes set it; `…_PORT` may be a key of ours, and is told apart by its value."""
    match = _NAME.fullmatch(variable, len(prefix.rstrip("_")))
    return match is not None and (match["port"] is None or _ADDRESS.match(value) is not None)
