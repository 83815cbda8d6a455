"""Libraries that log what they send and sign: addresses with their queries, headers, tokens, bodies.

Nobody wants these in a worker's log, and many a secret in them is none that we know (a session's token, a signature).
So they are silent at every `logLevel`, but for their warnings. The JVM's are in `record-processor-logback.xml`.
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
# Their warnings have the path and the query of an address in them.
_WARN_OF_ADDRESSES = ("urllib3.connectionpool", "urllib3.util.retry", "requests.packages.urllib3")


def silence(level: int) -> None:
    """Let through no more than warnings of them; `level` is that of all other loggers."""
    for names, least in ((NAMES, logging.WARNING), (_WARN_OF_ADDRESSES, logging.ERROR)):
        for name in names:
            logging.getLogger(name).setLevel(max(level, least))
