"""What `check` says of a configuration that is right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from record_processor.host.check import check as check_configuration
from record_processor.host.run import _warn

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ACTIONS = """\
actions:
- {name: signed, type: webhook, url: 'http://partner.example/', secret: s3cr3t-of-theirs}
- {name: token, type: webhook, url: 'http://partner.example/', headers: {Authorization: Bearer s3cr3t-of-theirs}}
- {name: encrypted, type: webhook, url: 'https://partner.example/', secret: s3cr3t-of-theirs}
- {name: here, type: webhook, url: 'http://127.0.0.1/', secret: s3cr3t-of-theirs}
- {name: open, type: webhook, url: 'http://partner.example/', headers: {X-Partner: us}}
- {name: taken, type: webhook, url: 'http://partner.example/', headers: {X-Partner: 'key ${PARTNER_KEY}'}}
"""


def check(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "worker.properties").write_text("applicationName = a\nstreamName = Orders\nregionName = eu-west-1\n")
    (folder / "actions.yaml").write_text(ACTIONS)
    command = [sys.executable, "-m", "record_processor", "check", "worker.properties", *options]
    environment = {**os.environ, "PARTNER_KEY": "s3cr3t-of-theirs"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_secret_that_goes_unencrypted_is_warned_of_and_no_mistake(tmp_path: Path) -> None:
    answer = check(tmp_path)
    assert (answer.returncode, answer.stdout) == (0, "worker.properties: OK: 6 actions\n")
    signed, token, taken = answer.stderr.splitlines()
    warning = "record-processor: warning: actions.yaml:"
    assert signed.startswith(f"{warning}2: actions[0]: signed has a secret, and sends unencrypted")
    assert token.startswith(f"{warning}3: actions[1]: token has a secret, and sends unencrypted")
    assert taken.startswith(f"{warning}7: actions[5]: taken has a secret, and sends unencrypted")
    assert "s3cr3t" not in answer.stderr


def test_a_warning_is_an_event_where_the_log_is_json(tmp_path: Path) -> None:
    answer = check(tmp_path, "--set", "logFormat=json")
    lines = [json.loads(line) for line in answer.stderr.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [("configuration.risky", "warning")] * 3


def test_a_worker_logs_what_check_warns_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTNER_KEY", "s3cr3t-of-theirs")
    check(tmp_path)
    _warn(check_configuration(tmp_path / "worker.properties", []))
    assert "actions[0]: signed has a secret, and sends unencrypted" in caplog.text
