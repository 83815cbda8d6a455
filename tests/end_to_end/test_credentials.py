"""The SDK's default credential chain, in the JVM with the class path that a worker has, and in Python."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from record_processor.host import jvm
from tests.servers import credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = Path(__file__).with_name("PrintCredentials.java")
EXPECTED = {
    "web identity": "AssumeRoleWithWebIdentity",
    "container": "container",
    "instance metadata": "imds",
    "credential_process": "process",
    "IAM Identity Center": "sso",
    "assumed role": "AssumeRole",
}
# The variable in Python, and the property in the JVM, where one process asks several times.
PROPERTIES = {
    "AWS_PROFILE": "aws.profile",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "aws.webIdentityTokenFile",
    "AWS_ROLE_ARN": "aws.roleArn",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "aws.containerCredentialsFullUri",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "aws.containerAuthorizationToken",
}
CONFIG = """\
[profile process]
credential_process = {process}
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = reader
[sso-session corp]
sso_region = us-east-1
sso_start_url = https://corp.example/start
sso_registration_scopes = sso:account:access
[profile role]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = process
"""
ASK_IN_PYTHON = """\
import json, os, sys
from botocore.session import Session
for name, variables in json.loads(sys.argv[1]).items():
    os.environ.update(variables)
    print(f"{name}={Session().get_credentials().access_key}")
    for variable in variables:
        del os.environ[variable]
"""


def ways(folder: Path, address: str) -> dict[str, dict[str, str]]:
    """What is set for each way to credentials."""
    token = folder / "token"
    token.write_text("a web identity")
    return {
        "web identity": {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": "arn:aws:iam::1:role/reader"},
        "container": {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{address}/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": credentials.CONTAINER_TOKEN,
        },
        "instance metadata": {},
        "credential_process": {"AWS_PROFILE": "process"},
        "IAM Identity Center": {"AWS_PROFILE": "sso"},
        "assumed role": {"AWS_PROFILE": "role"},
    }


def environment(home: Path, address: str) -> dict[str, str]:
    """A user whose session with IAM Identity Center has expired, and can be refreshed."""
    cache = home / ".aws/sso/cache"
    cache.mkdir(parents=True)
    answer = home / "answer.json"
    answer.write_text(json.dumps(credentials.of("process")))
    (home / ".aws/config").write_text(CONFIG.format(process=shlex.join(["cat", str(answer)])))
    session = {
        "startUrl": "https://corp.example/start",
        "region": "us-east-1",
        "accessToken": "old",
        "expiresAt": "2020-01-01T00:00:00Z",
        "clientId": "id",
        "clientSecret": "secret",
        "registrationExpiresAt": "2036-01-01T00:00:00Z",
        "refreshToken": "refresh",
    }
    name = hashlib.sha1(b"corp", usedforsecurity=False).hexdigest()
    (cache / f"{name}.json").write_text(json.dumps(session))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    services = {f"AWS_ENDPOINT_URL_{service}": address for service in ("STS", "SSO", "SSO_OIDC")}
    metadata = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": address}
    region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    return {**clean, **services, **metadata, **region, "HOME": str(home)}


def answers(command: list[str], variables: Mapping[str, str]) -> dict[str, str]:
    asked = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=True)
    return {name: key for name, _, key in (line.partition("=") for line in asked.stdout.splitlines())}


def test_every_way_of_the_default_chain_leads_to_credentials_in_the_jvm_as_in_python(tmp_path: Path) -> None:
    with credentials.started() as address:
        wanted = ways(tmp_path, address)
        in_python = answers(
            [sys.executable, "-c", ASK_IN_PYTHON, json.dumps(wanted)], environment(tmp_path / "python", address)
        )
        asked = [
            "|".join([name, *(f"{PROPERTIES[variable]}={value}" for variable, value in variables.items())])
            for name, variables in wanted.items()
        ]
        home = tmp_path / "jvm"
        in_jvm = answers(
            ["java", f"-Duser.home={home}", "-cp", os.pathsep.join(jvm.jars()), str(PROGRAM), *asked],
            environment(home, address),
        )
    assert in_python == EXPECTED
    assert in_jvm == EXPECTED
