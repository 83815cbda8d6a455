"""Libraries that log what they send and sign: addresses with their queries, headers, tokens, bodies.

Nobody wants these in a worker's log, and many secrets in them are unknown to us (a session's token, a signature). So
these loggers are silent at every `logLevel`, except for warnings. The JVM's are in `record-processor-logback.xml`.
"""

from __future__ import annotations

import logging

NAMES = (
    "aiobotocore",
    "aiohttp",
    "awscrt",
    "boto3",
    "botocore",
    "google.auth",
    "h11",
    "h2",
    "hpack",
    "httpcore",
    "httpx",
    "oauthlib",
    "requests",
    "requests_oauthlib",
    "s3transfer",
    "smithy_core",
    "smithy_http",
    "urllib3",
    "websockets",
)
# Their warnings contain the path and the query of an address.
_WARN_OF_ADDRESSES = ("urllib3.connectionpool", "urllib3.util.retry", "requests.packages.urllib3")


def silence(level: int) -> None:
    """Let only their warnings through; `level` is that of all other loggers."""
    for names, least in ((NAMES, logging.WARNING), (_WARN_OF_ADDRESSES, logging.ERROR)):
        for name in names:
            logging.getLogger(name).setLevel(max(level, least))
