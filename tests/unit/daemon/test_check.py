"""What `check` says of a configuration that is right."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ACTIONS = """\
actions:
- {name: signed, type: webhook, url: 'http://partner.example/', secret: s3cr3t-of-theirs}
- {name: token, type: webhook, url: 'http://partner.example/', headers: {Authorization: Bearer s3cr3t-of-theirs}}
- {name: encrypted, type: webhook, url: 'https://partner.example/', secret: s3cr3t-of-theirs}
- {name: here, type: webhook, url: 'http://127.0.0.1/', secret: s3cr3t-of-theirs}
- {name: open, type: webhook, url: 'http://partner.example/', headers: {X-Partner: us}}
- {name: taken, type: webhook, url: 'http://partner.example/', headers: {X-Partner: 'key ${PARTNER_KEY}'}}
"""


def test_a_secret_that_goes_unencrypted_is_warned_of_and_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "worker.properties").write_text("applicationName = a\nstreamName = Orders\nregionName = eu-west-1\n")
    (tmp_path / "actions.yaml").write_text(ACTIONS)
    command = [sys.executable, "-m", "record_processor", "check", "worker.properties"]
    environment = {**os.environ, "PARTNER_KEY": "s3cr3t-of-theirs"}
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (0, "worker.properties: right, with 6 action(s)\n")
    signed, token, taken = answer.stderr.splitlines()
    assert signed.startswith("warning: actions.yaml:2: actions[0]: signed has a secret, and sends unencrypted")
    assert token.startswith("warning: actions.yaml:3: actions[1]: token has a secret, and sends unencrypted")
    assert taken.startswith("warning: actions.yaml:7: actions[5]: taken has a secret, and sends unencrypted")
    assert "s3cr3t" not in answer.stderr
