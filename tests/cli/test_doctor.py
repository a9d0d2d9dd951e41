"""`doctor` from the command line: findings, keys and endpoints, exit status."""

import json
import sqlite3
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from replay_assets.cli import main
from tests.conftest import SAMPLES

KEY = "fake-" + "key-of-the-doctor"
Endpoint = tuple[str, dict[str, object]]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Start a real server; yield a dictionary with its answer and the requests it received."""
    state: dict[str, object] = {"status": 200, "body": {"data": [{"id": "m"}, {"id": "n"}]}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state["asked"] = (self.path, self.headers.get("Authorization"))
            body = json.dumps(state["body"]).encode()
            self.send_response(int(str(state["status"])))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))  # how often it looks for its end
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1", state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with the samples loaded, and without keys."""
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("REPLAY_HOME", str(tmp_path))
    for name in ("REPLAY_SOURCE_URL", "REPLAY_CANDIDATES", "REPLAY_MAPPING", "NVIDIA_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert run("load", str(SAMPLES)).exit_code == 0
    return tmp_path


def run(*words: str) -> Result:
    """Run the program."""
    return CliRunner().invoke(main, list(words))


def catalogue(home: Path, monkeypatch: pytest.MonkeyPatch, *entries: str) -> None:
    path = home / "candidates.yaml"
    path.write_text("".join(f"- {{{entry}}}\n" for entry in entries))
    monkeypatch.setenv("REPLAY_CANDIDATES", str(path))


def findings(*words: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(run("doctor", "--json", *words).output)["findings"]
    return found


def test_the_samples_are_a_valid_source(home: Path) -> None:
    """Status 0; a missing key is only a warning, because its candidate is skipped."""
    result = run("doctor", "--offline")
    assert result.exit_code == 0, result.output
    flat = " ".join(result.output.split())
    for part in ("ok connection", "NVIDIA_API_KEY is not set", "0 failed"):
        assert part in flat
    assert "To paste:" not in result.output


def test_a_fault_ends_with_status_one_and_its_fix_can_be_pasted(home: Path) -> None:
    """The statement is on a separate line, unwrapped."""
    with sqlite3.connect(home / "data" / "incidents.sqlite") as source:
        source.execute("DROP INDEX ix_auto_repair_executions_incident_id")
        source.execute("ALTER TABLE agent_sessions RENAME COLUMN output_json TO outputs")
    source.close()
    result = run("doctor", "--offline")
    assert result.exit_code == 1
    assert (
        'CREATE INDEX "ix_auto_repair_executions_incident_id" '
        "ON auto_repair_executions (incident_id);" in result.output.splitlines()
    )
    content = json.loads(run("doctor", "--offline", "--json").output)
    assert content["ok"] is False
    failed = [one for one in content["findings"] if one["status"] == "fail"]
    assert "'output_json' (nearest: outputs" in failed[0]["says"]
    assert failed[0]["cure"]


def test_an_invalid_mapping_or_catalogue_is_a_finding(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is still checked."""
    (home / "mapping.yaml").write_text("tables: {incidents: {}}\n")
    monkeypatch.setenv("REPLAY_MAPPING", str(home / "mapping.yaml"))
    catalogue(home, monkeypatch, "id: Bad Id")
    failed = [one["check"] for one in findings("--offline") if one["status"] == "fail"]
    assert failed == ["mapping", "candidates"]


def test_a_wrong_variable_is_a_finding_with_file_and_line(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the catalogue that ships with the package, too."""
    monkeypatch.setenv("NEMOTRON_RPM_LIMIT", "many")
    (found,) = [one for one in findings("--offline") if one["check"] == "candidates"]
    assert found["status"] == "fail"
    lines = files("replay_assets.candidates").joinpath("candidates.yaml").read_text().splitlines()
    line = 1 + lines.index("    rpm: ${NEMOTRON_RPM_LIMIT:-40}")
    assert f"candidates.yaml:\n  line {line}: 2.limits.rpm" in found["says"]
    assert "(found the value of NEMOTRON_RPM_LIMIT)" in found["says"]


def test_files_that_every_run_reads_are_findings(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run would end immediately because of them."""
    for name, text in (
        ("vocabulary", "actions: []"), ("policy", "alpha: 1\nalpha: 2"), ("rules", "soft: yes"),
        ("canaries", "short"), ("export", "flavour: [sft.chat]"), ("human_labels", "{}"),
    ):  # fmt: skip
        (home / name).write_text(text + "\n")
        monkeypatch.setenv(f"REPLAY_{name.upper()}", str(home / name))
    failed = [one for one in findings("--offline") if one["status"] == "fail"]
    names = ["vocabulary", "policy", "rules", "canaries", "export", "human_labels"]
    assert [one["check"] for one in failed] == names
    for one in failed:
        assert f"REPLAY_{one['check'].upper()}" in one["cure"]
        assert str(home / one["check"]) in one["says"]


@pytest.mark.parametrize(
    ("answer", "model", "status", "says"),
    [
        ({}, "m", "ok", "lists m"),
        ({}, "other", "warn", "does not list other among its 2 models"),
        ({"status": 401}, "m", "fail", "rejects the key (401)"),
        ({"status": 404}, "m", "warn", "answered 404"),
        ({"body": {"models": []}}, "m", "warn", "not a list of models"),
    ],
)
def test_an_endpoint_is_asked_for_its_models_with_the_key(
    answer: dict[str, object], model: str, status: str, says: str, home: Path,
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The key is sent there and nowhere else."""
    url, state = endpoint
    state |= answer
    monkeypatch.setenv("DOCTOR_KEY", KEY)
    entry = f"id: one, model: {model}, base_url: '{url}', api_key_env: DOCTOR_KEY"
    catalogue(home, monkeypatch, entry)
    result = run("doctor", "--json")
    (found,) = [one for one in json.loads(result.output)["findings"] if one["check"] == "endpoints"]
    assert (found["status"], says in found["says"]) == (status, True), found
    assert state["asked"] == ("/v1/models", f"Bearer {KEY}")
    assert KEY not in result.output + run("doctor").output


@pytest.mark.parametrize(
    ("models", "status", "says"),
    [(["a"], "ok", "lists a"), (["a", "b"], "fail", "lists 2 models, and the entry names none")],
)
def test_a_judge_that_names_no_model_needs_an_endpoint_with_one(
    home: Path,
    endpoint: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
    models: list[str],
    status: str,
    says: str,
) -> None:
    """A run would end at several."""
    url, state = endpoint
    state["body"] = {"data": [{"id": one} for one in models]}
    catalogue(home, monkeypatch, f"id: mine, role: judge, base_url: '{url}'")
    (found,) = [one for one in findings() if one["check"] == "endpoints"]
    assert found["status"] == status
    assert says in found["says"]


def test_an_endpoint_whose_key_is_missing_is_not_asked(
    home: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --offline, none is asked."""
    url, state = endpoint
    catalogue(home, monkeypatch, f"id: one, model: m, base_url: '{url}', api_key_env: DOCTOR_KEY")
    assert [one["check"] for one in findings()][-1] == "candidates"
    monkeypatch.setenv("DOCTOR_KEY", KEY)
    assert [one["check"] for one in findings("--offline")][-1] == "candidates"
    assert "asked" not in state


@pytest.mark.parametrize(("scheduled", "status"), [("true", "warn"), ("false", "ok")])
def test_a_missing_key_is_a_warning_if_a_schedule_needs_it(
    scheduled: str, status: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shipped catalogue has entries of providers that a team may not use."""
    rest = "model: m, base_url: 'http://127.0.0.1:9/v1', api_key_env: DOCTOR_KEY"
    catalogue(home, monkeypatch, f"id: one, {rest}, scheduled: {scheduled}")
    (found,) = [one for one in findings("--offline") if one["check"] == "candidates"]
    assert (found["status"], "DOCTOR_KEY is not set" in found["says"]) == (status, True)


@pytest.mark.parametrize(("scheduled", "status"), [("true", "fail"), ("false", "warn")])
def test_an_unreachable_endpoint_fails_if_a_schedule_needs_it(
    scheduled: str, status: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is started by hand may well be off."""
    url = "http://127.0.0.1:9/v1"
    catalogue(home, monkeypatch, f"id: one, model: m, base_url: '{url}', scheduled: {scheduled}")
    assert findings()[-1]["status"] == status
    assert "ConnectError" in findings()[-1]["says"]


def test_a_key_not_allowed_in_a_header_is_a_finding(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pasted with an invalid character; it is not shown."""
    monkeypatch.setenv("DOCTOR_KEY", KEY + "é")
    url = "http://127.0.0.1:9/v1"
    catalogue(home, monkeypatch, f"id: one, model: m, base_url: '{url}', api_key_env: DOCTOR_KEY")
    found = findings()[-1]
    assert (found["status"], "DOCTOR_KEY" in found["says"]) == ("fail", True)
    assert KEY not in str(found)


def test_a_route_is_a_finding_with_the_members_that_it_would_skip(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its members are examined as the candidates that they are."""
    entry = "id: one, model: m, base_url: 'http://127.0.0.1:9/v1', api_key_env: DOCTOR_KEY}\n"
    catalogue(home, monkeypatch, entry + "- {id: both, route: [one]")
    found = findings("--offline")[-1]
    says = "both: asks one; without a key, and skipped: one"
    assert (found["status"], found["says"]) == ("warn", says)
    monkeypatch.setenv("DOCTOR_KEY", KEY)
    assert findings("--offline")[-1]["says"] == "both: asks one"
