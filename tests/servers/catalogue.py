"""How each server is fetched and started."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from record_processor.host.find_java import find_java
from record_processor.local.ministack import server_command
from tests.servers.jars import fetched
from tests.servers.process import LOOPBACK, Server, free_port, require

if TYPE_CHECKING:
    from collections.abc import Sequence

_ACCOUNT = "123456789012"
"""The account of the examples on the docs site."""
_AWS_SERVICES = ("sqs", "sns", "events", "kinesis", "firehose", "sts", "s3")

_HERE = Path(__file__).parent

_ELASTICMQ = """
include classpath("application.conf")
node-address {{ protocol = http, host = "{host}", port = {port}, context-path = "" }}
rest-sqs {{ enabled = true, bind-port = {port}, bind-hostname = "{host}", sqs-limits = strict }}
rest-stats {{ enabled = false, bind-port = 0, bind-hostname = "{host}" }}
generate-node-address = false
queues {{}}
queues-storage {{ enabled = false, path = "none" }}
messages-storage {{
  enabled = false, driver-class = "org.h2.Driver", uri = "jdbc:h2:mem:none", username = "", password = ""
  prune-data-on-init = false
}}
aws {{ region = us-west-2, accountId = 000000000000 }}
"""

_S3PROXY = """
s3proxy.endpoint=http://{host}:{port}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity=local
s3proxy.credential=local-secret-key
jclouds.provider=filesystem
jclouds.filesystem.basedir={folder}
"""


def elasticmq(folder: Path) -> Server:
    """SQS, FIFO queues too, with AWS's older limit of 256 KiB a message."""
    require("mvn")
    port = free_port()
    configuration = folder / "elasticmq.conf"
    configuration.write_text(_ELASTICMQ.format(host=LOOPBACK, port=port))
    jars = fetched(_HERE / "elasticmq.pom.xml", "ElasticMQ")
    options = [f"-Dconfig.file={configuration}", "-Xmx256m", "-cp", f"{jars}/*", "org.elasticmq.server.Main"]
    return Server("elasticmq", port, [find_java(), *options], folder)


def s3proxy(folder: Path) -> Server:
    """S3 over a folder; it checks signatures, and knows one identity: local, local-secret-key."""
    require("mvn")
    port = free_port()
    data = folder / "s3"
    data.mkdir()
    configuration = folder / "s3proxy.properties"
    configuration.write_text(_S3PROXY.format(host=LOOPBACK, port=port, folder=data))
    jars = fetched(_HERE / "s3proxy.pom.xml", "S3Proxy")
    options = ["-Xmx256m", "-cp", f"{jars}/*", "org.gaul.s3proxy.Main", "--properties", str(configuration)]
    return Server("s3proxy", port, [find_java(), *options], folder)


def ministack(folder: Path) -> Server:
    """SQS, SNS, EventBridge, Kinesis, Firehose, STS, and S3 for what Firehose keeps; it checks no signatures."""
    return _ministack("ministack", _AWS_SERVICES, folder)


def ministack_lambda(folder: Path) -> Server:
    """Lambda that runs real handlers: code of whoever reaches its port, so it is started for one test and ended."""
    return _ministack("ministack-lambda", ("lambda",), folder)


def dynamodb(folder: Path) -> Server:
    """Our own command for it."""
    port = free_port()
    command = [sys.executable, "-m", "record_processor", "local", "--port", str(port)]
    return Server("dynamodb", port, command, folder)


def functions(folder: Path) -> Server:
    """The closest to Lambda that runs here: its Invoke call, over handlers in files."""
    port = free_port()
    command = [sys.executable, str(_HERE / "functions.py"), str(port), str(folder)]
    return Server("functions", port, command, folder)


def receiver(folder: Path, certificate: Path) -> Server:
    """An HTTPS server that keeps what is posted."""
    port = free_port()
    command = [sys.executable, str(_HERE / "receiver.py"), str(port), str(folder), str(certificate)]
    return Server("receiver", port, command, folder)


def _ministack(name: str, services: Sequence[str], folder: Path) -> Server:
    port = free_port()
    return Server(name, port, [*server_command(LOOPBACK, port, services), "--account", _ACCOUNT], folder)
