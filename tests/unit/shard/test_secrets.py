"""A handler that shows its secret in every way: the real process writes nothing of it, at any level."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from tests.harness import wait_for
from tests.shard_process import ShardProcess, python_action

if TYPE_CHECKING:
    from pathlib import Path

SECRET = 'Hq7"secret"/of wörk'
CODE = """
import base64, json, logging, os, re, urllib.parse
value = os.environ["PARTNER_SECRET"]
log = logging.getLogger("shop")

def handle(event, context):
    quoted = urllib.parse.quote(value, safe="")
    forms = [value, repr(value), json.dumps(value), repr(value.encode()), quoted]
    forms.append(re.sub("%..", lambda hex: hex.group().lower(), quoted))
    forms.append(base64.b64encode(f"user:{value}".encode()).decode())
    for form in forms:
        print("printed", form)
        print(json.dumps({"message": form, form: {form: [form]}}))
        log.debug("logged %s", form, extra={"given": {form: form.encode()}, form: {form}, "error": ValueError(form)})
        os.write(1, f"written {form}\\n".encode())
    print("." * ((1 << 20) - 8) + value)
    logging.getLogger("httpx").info("HTTP Request: POST https://partner.example/%s", value)
    raise ValueError("refused: " + "." * (16384 - 20) + value)
"""


@pytest.mark.parametrize("level", ["debug", "info"])
def test_what_a_handler_shows_of_a_secret_is_masked(level: str, tmp_path: Path) -> None:
    letters = {"type": "file", "path": str(tmp_path / "letters.jsonl")}
    action = python_action(tmp_path, CODE, retry={"max_attempts": 1}, dead_letter=letters)
    shard = ShardProcess(tmp_path, [action], env={"PARTNER_SECRET": SECRET}, secrets=[SECRET], log_level=level)
    try:
        shard.initialize().records(1)
        wait_for((tmp_path / "letters.jsonl").exists, "a letter", 20)
        shard.close()
    finally:
        shard.kill()
    said = json.dumps(shard.events, ensure_ascii=False) + (tmp_path / "letters.jsonl").read_text()
    assert "printed" in said and "written" in said and ("logged" in said) == (level == "debug")
    encoded = base64.b64encode(f"user:{SECRET}".encode()).decode()
    assert not [part for part in ("Hq7", "secret", "rk'", encoded[8:20], "partner.example") if part in said]
