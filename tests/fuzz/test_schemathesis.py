"""Schemathesis asks ``/sync`` by a description made from its routes, and ``/api`` by the application's own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.fuzz.campaign import SECONDS, SEED
from tests.fuzz.conftest import Serving, basic
from tests.fuzz.description import description
from tests.fuzz.wire import ask
from tests.installation import PASSWORD

pytestmark = pytest.mark.skipif(not SECONDS, reason="the long form only: set BAIJIAMEN_FUZZ_SECONDS")
PROGRAM: Final = Path(sys.executable).with_name("schemathesis")


def run(place: str, folder: Path, authorization: str, checks: Sequence[str], *more: str) -> None:
    asked = [
        *(str(PROGRAM), "run", place, *(["--header", f"Authorization: {authorization}"] if authorization else [])),
        *("--checks", ",".join(checks), "--seed", SEED, "--request-timeout", "60", "--workers", "2", "--no-shrink"),
        *("--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off", "--output-sanitize", "false"),
        *("--max-time", f"{SECONDS:.0f}"),
        *more,
    ]
    environment = os.environ | {"HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "examples")}
    done = subprocess.run(asked, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    sys.stderr.write("\n".join(done.stdout.splitlines()[-12:]) + "\n")
    assert done.returncode == 0, done.stdout[-30_000:] + done.stderr[-2000:]


def test_the_protocol(protocol: Serving, tmp_path: Path) -> None:
    process = protocol(str(tmp_path))
    url = f"http://127.0.0.1:{process.port}/sync"
    place = tmp_path / "sync.json"
    place.write_text(json.dumps(description("asked", url)))
    checks = ("status_code_conformance", "response_schema_conformance", "content_type_conformance")
    run(str(place), tmp_path, basic("admin", "pass"), checks, "--url", url)
    assert process.complaints() == []


def test_the_application(application: Serving, tmp_path: Path) -> None:
    process = application("")
    url = f"http://127.0.0.1:{process.port}"
    body = json.dumps({"name": "admin", "password": PASSWORD}).encode()
    told = ask(process.port, "POST", "/api/session", body, [("Content-Type", "application/json")])
    cookie = told.headers["set-cookie"].partition(";")[0]
    excluded = ("--exclude-path-regex", "session|live|password|/accounts")  # what would log us out, or never ends
    headers = ("--header", f"Cookie: {cookie}", "--header", f"Origin: {url}")
    run(f"{url}/api/schema/openapi.json", tmp_path, "", ("not_a_server_error",), *headers, *excluded)
    assert process.complaints() == []
