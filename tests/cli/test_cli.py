"""The command line as a new user sees it: real runs, real files, exit status."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from replay_assets.cli import ASKING_COMMANDS, main
from replay_assets.cli.commands import COMMANDS
from replay_assets.cli.walk import DEMO_WEEK
from replay_assets.inference.throttling import backoff
from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Store
from tests.conftest import BASELINES, SAMPLES

DAY = "2026-09-30"
HEAVY = {"dagster", "pyarrow", "pandas", "numpy", "sqlalchemy", "aiohttp", "httpx", "pydantic"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a separate home, with the samples where a clone has them."""
    prepared(tmp_path, monkeypatch)
    return tmp_path


def prepared(home: Path, patched: pytest.MonkeyPatch) -> Path:
    """Make a folder the home, and return its folder of data, with the samples."""
    data = home / "data"
    data.mkdir()
    (data / "samples").symlink_to(SAMPLES)
    patched.setenv("REPLAY_HOME", str(home))
    patched.setenv("DAGSTER_HOME", str(data / "dagster_home"))
    patched.setenv("REPLAY_CANDIDATES", str(BASELINES))
    for name in ("REPLAY_SOURCE_URL", "NVIDIA_API_KEY"):
        patched.delenv(name, raising=False)
    return data


@pytest.fixture
def shipped_catalogue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the home have all shipped candidates: each day's run costs a second more."""
    monkeypatch.delenv("REPLAY_CANDIDATES")


def run(*words: str) -> Result:
    """Run the program."""
    return CliRunner().invoke(main, list(words))


@pytest.fixture(scope="module")
def backfilled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data of a home in which a day was run for one candidate; tests copy it."""
    home = tmp_path_factory.mktemp("backfilled")
    with pytest.MonkeyPatch.context() as patched:
        data = prepared(home, patched)
        result = run("backfill", "--from", DAY, "--to", DAY, "--candidate", "constant-baseline")
    assert result.exit_code == 0, result.output
    return data


@pytest.fixture
def walked(home: Path, backfilled: Path) -> Path:
    """Return a separate home with a day that was run for one candidate."""
    samples = shutil.ignore_patterns("samples")  # they are there already
    shutil.copytree(backfilled, home / "data", ignore=samples, dirs_exist_ok=True)
    return home


def pack_of(home: Path) -> Path:
    """Return the pack of that day."""
    return home / "data/lake/files/request_pack" / f"date={DAY}" / "request_pack.jsonl"


@pytest.mark.slow  # a week; .ci/run starts the demo by itself too
@pytest.mark.usefixtures("shipped_catalogue")
def test_the_demo_ends_with_verdicts_and_with_paths_that_exist(home: Path) -> None:
    """Two minutes after cloning: a report in a browser and training files on disk."""
    result = run("demo")
    assert result.exit_code == 0, result.output
    for word in ("incumbent", "rules-baseline", "constant-baseline", "unpriced"):
        assert word in result.output
    lake = home / "data" / "lake" / "files"
    assert (lake / f"evaluation_report/week={DEMO_WEEK}/report.html").stat().st_size > 10_000
    (training,) = (lake / f"sft_export/week={DEMO_WEEK}").glob(
        "sft.alpaca.train.*.????????????????.jsonl"
    )
    assert training.stat().st_size > 1_000
    with sqlite3.connect(home / "data" / "incidents.sqlite") as source:
        exports = source.execute("SELECT week, record_count FROM finetune_exports").fetchall()
    assert exports[0][0] == DEMO_WEEK
    assert exports[0][1] > 0


def test_the_demo_does_not_touch_your_own_database(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Samples must never be written into a team's own database."""
    monkeypatch.setenv("REPLAY_SOURCE_URL", f"sqlite:///{home / 'mine.sqlite'}")
    result = run("demo")
    assert result.exit_code == 1
    assert "REPLAY_SOURCE_URL" in result.output
    assert not (home / "mine.sqlite").exists()


@pytest.mark.usefixtures("shipped_catalogue")
def test_a_backfill_is_visible_on_the_instance_and_builds_the_week(home: Path) -> None:
    """Each partition is an ordinary run of the shipped jobs; the end says what the demo's says."""
    result = run("backfill", "--from", DAY, "--to", DAY)
    assert result.exit_code == 0, result.output
    lines = [line.rstrip() for line in result.output.splitlines()]
    assert lines.index(f"day {DAY}: done") < lines.index(f"week {DEMO_WEEK}: done")
    for word in (f"Week of {DEMO_WEEK}", "incumbent", "constant-baseline"):
        assert word in result.output
    report, training = (Path(line.split(maxsplit=1)[1].split()[-1]) for line in lines[-2:])
    assert report.name == "report.html"
    assert report.is_file()
    assert training.name.startswith("sft.alpaca.")
    assert "skipped nemotron-mini, nemotron-mini-tuned, nemotron-70b" in result.output
    assert result.output.count("skipped ") == 2  # by reason: no key, and not scheduled
    with dg.DagsterInstance.from_config(str(home / "data" / "dagster_home")) as instance:
        runs = instance.get_runs()
    assert [one.job_name for one in runs] == ["weekly_walk", "daily_walk"]
    assert {one.tags["dagster/partition"] for one in runs} == {DAY, "2026-09-28"}
    assert all(one.tags[".dagster/repository"] == "__repository__@replay_assets" for one in runs)


def test_a_later_candidate_reuses_the_packs(walked: Path) -> None:
    """Packs are shared: the second candidate must not build them again."""
    pack = pack_of(walked)
    made = pack.stat().st_mtime_ns
    result = run("backfill", "--from", DAY, "--to", DAY, "--candidate", "rules-baseline")
    assert result.exit_code == 0, result.output
    assert pack.stat().st_mtime_ns == made
    lake = Store(str(walked / "data" / "lake"))
    assert lake.find(Address("replay_scores", DAY, "rules-baseline")) is not None


def test_a_stale_pack_is_not_reused(walked: Path) -> None:
    """The evidence changed after the pack was built: a new candidate must see the new evidence."""
    pack = pack_of(walked)
    asked = pack.read_text().splitlines()
    with sqlite3.connect(walked / "data" / "incidents.sqlite") as source:
        first = json.loads(asked[0])["incident_id"]
        source.execute("DELETE FROM incident_evidence WHERE incident_id = ?", (first,))
    evidence = walked / "data/evidence/files/incident_evidence" / f"date={DAY}" / "manifest.json"
    evidence.unlink()
    result = run("backfill", "--from", DAY, "--to", DAY, "--candidate", "rules-baseline")
    assert result.exit_code == 0, result.output
    assert pack.read_text().splitlines() == asked[1:]


def test_what_an_earlier_release_made_is_not_reused(walked: Path) -> None:
    """Its scores have other columns, and a table is read by its folder."""
    words = ("backfill", "--from", DAY, "--to", DAY, "--candidate", "constant-baseline")
    files = walked / "data/lake/files"
    scores = files / "incumbent_scores" / f"date={DAY}" / "manifest.json"
    made = scores.read_text()
    scores.write_text(json.dumps({**json.loads(made), "code_version": "1"}))
    pack = pack_of(walked)
    pack_made = pack.stat().st_mtime_ns
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert scores.read_text() == made
    assert pack.stat().st_mtime_ns == pack_made


def test_a_day_without_a_usable_row_fails_with_the_reason(home: Path) -> None:
    """A broken source must not look like a quiet day."""
    run("load", str(SAMPLES))
    with sqlite3.connect(home / "data" / "incidents.sqlite") as source:
        source.execute("UPDATE incident_evidence SET labels = 'no JSON'")
    result = run("backfill", "--from", DAY, "--to", DAY, "--candidate", "constant-baseline")
    assert result.exit_code == 1
    flat = " ".join(result.output.split())
    assert "check a_day_with_rows_keeps_some_of_them" in flat
    assert "invalid_json:labels" in flat


@pytest.mark.usefixtures("shipped_catalogue")
def test_a_backfill_lists_failures_with_reasons_and_does_the_rest(home: Path) -> None:
    """Status 1 and the variable's name; the other candidate's day is still done."""
    words = ("--candidate", "nemotron-mini", "--candidate", "rules-baseline")
    result = run("backfill", "--from", DAY, "--to", DAY, *words)
    assert result.exit_code == 1
    flat = " ".join(result.output.split())
    assert f"day {DAY}: failed (replay_results__nemotron_mini) week 2026-09-28: done" in flat
    assert "1 of 2 partitions succeeded" in flat
    assert f"{DAY} replay_results__nemotron_mini: candidate nemotron-mini: NVIDIA_API_KEY" in flat
    lake = Store(str(home / "data" / "lake"))
    assert lake.find(Address("replay_scores", DAY, "rules-baseline")) is not None


def test_an_endpoint_that_never_answers_is_a_failure_not_a_score(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage overnight must not look like a finished day."""
    monkeypatch.setattr(backoff, "FIRST_WAIT_S", 0.0)
    catalogue = home / "candidates.yaml"
    catalogue.write_text("- {id: dead, model: m, base_url: 'http://127.0.0.1:9/v1'}\n")
    monkeypatch.setenv("REPLAY_CANDIDATES", str(catalogue))
    result = run("backfill", "--from", DAY, "--to", DAY)
    assert result.exit_code == 1
    assert "got an answer; the first: no answer after" in " ".join(result.output.split())
    lake = Store(str(home / "data" / "lake"))
    assert lake.find(Address("replay_results", DAY, "dead")) is None


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ("yesterday", DAY, "not a valid date"),
        (DAY, "2026-09-29", "is after"),
        ("2026-09-20", DAY, "REPLAY_FIRST_DAY"),
        (DAY, "2126-01-01", "has not ended"),
    ],
)
def test_an_invalid_range_is_rejected(home: Path, first: str, last: str, says: str) -> None:
    """Before anything is started."""
    result = run("backfill", "--from", first, "--to", last)
    assert result.exit_code == 2
    assert says in result.output
    assert not (home / "data" / "lake").exists()


@pytest.mark.usefixtures("shipped_catalogue")
def test_an_unknown_candidate_is_rejected_with_the_valid_ones(home: Path) -> None:
    """A typing error should cost seconds."""
    result = run("backfill", "--from", DAY, "--to", DAY, "--candidate", "nemotron")
    assert result.exit_code == 1
    assert "nemotron-mini" in result.output
    assert str(home) not in result.output


def test_a_pack_is_replayed_without_dagster(walked: Path, tmp_path: Path) -> None:
    """As the original runner did: results in the pack's order, and a report."""
    pack = pack_of(walked)
    out = tmp_path / "out"
    result = run("replay", "--pack", str(pack), "--candidate", "rules-baseline", "--out", str(out))
    assert result.exit_code == 0, result.output
    asked = [json.loads(line)["incident_id"] for line in pack.read_text().splitlines()]
    answered = (out / "replay_results.jsonl").read_text().splitlines()
    assert [json.loads(line)["incident_id"] for line in answered] == asked
    assert json.loads((out / "run_report.json").read_text())["valid"] is True


def test_a_pack_with_a_finding_is_not_sent_and_ends_with_status_one(tmp_path: Path) -> None:
    """The report names the line."""
    pack = tmp_path / "pack.jsonl"
    pack.write_text('{"schema_version": "other"}\n')
    out = str(tmp_path / "out")
    result = run("replay", "--pack", str(pack), "--candidate", "rules-baseline", "--out", out)
    assert result.exit_code == 1
    report = json.loads((tmp_path / "out" / "run_report.json").read_text())
    assert (report["valid"], report["results"]) == (False, 0)
    assert all(code.endswith(":line_1") for code in report["failures"])
    assert not (tmp_path / "out" / "replay_results.jsonl").exists()


@pytest.mark.usefixtures("shipped_catalogue")
def test_a_refused_replay_keeps_the_results_of_an_earlier_one(walked: Path, tmp_path: Path) -> None:
    """They may have been paid for. The output says why it was refused."""
    good = pack_of(walked)
    bad, out = tmp_path / "pack.jsonl", tmp_path / "out"
    bad.write_bytes(good.read_bytes() + b'{"schema_version": "other"}\n')
    last = len(bad.read_bytes().splitlines())
    run("replay", "--pack", str(good), "--candidate", "rules-baseline", "--out", str(out))
    names = ("replay_results.jsonl", "run_report.json")
    before = [(out / name).read_bytes() for name in names]
    for pack, candidate, reason in (
        (bad, "rules-baseline", f"request_not_request_only:line_{last}"),
        (good, "nemotron-mini", "set NVIDIA_API_KEY"),
    ):
        args = ["--pack", str(pack), "--candidate", candidate, "--out", str(out)]
        refused = run("replay", *args)
        assert refused.exit_code == 1
        assert "nothing was sent" in refused.output
        assert reason in refused.output
        assert [(out / name).read_bytes() for name in names] == before


@pytest.mark.usefixtures("shipped_catalogue")
def test_requests_blocked_by_the_gate_are_listed_before_anything_is_sent(
    walked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By line and rule; the others are sent, and the report counts blocked ones separately."""
    made = pack_of(walked)
    requests = [json.loads(line) for line in made.read_text().splitlines()]
    key, canary = "FAKE-" + "key-of-nemotron-mini", "tern" + "-7f3a-FAKE"
    requests[0]["user_prompt"] += f"\nkey {key}"
    requests[1]["user_prompt"] += f"\nbird {canary}"
    pack, out, canaries = tmp_path / "pack.jsonl", tmp_path / "out", tmp_path / "canaries.txt"
    pack.write_text("".join(json.dumps(one) + "\n" for one in requests))
    canaries.write_text(f"# planted in staging\n\n{canary}\n")
    monkeypatch.setenv("NVIDIA_API_KEY", key)
    monkeypatch.setenv("REPLAY_CANARIES", str(canaries))
    result = run("replay", "--pack", str(pack), "--candidate", "rules-baseline", "--out", str(out))
    assert result.exit_code == 1
    flat = " ".join(result.output.split())
    first, second = (one["incident_id"] for one in requests[:2])
    listed = f"will not be sent: line 1, {first}: api_key_in_use"
    assert listed in flat
    assert f"will not be sent: line 2, {second}: canary" in flat
    assert flat.index(listed) < flat.index("requests have a result")
    report = json.loads((out / "run_report.json").read_text())
    assert report["outcomes"]["gate_refused"] == 2
    assert report["outcomes"]["answered"] == len(requests) - 2
    written = result.output.encode() + b"".join(path.read_bytes() for path in out.iterdir())
    assert key.encode() not in written
    assert canary.encode() not in written


def test_loading_a_bad_file_names_the_line_and_loads_nothing(home: Path, tmp_path: Path) -> None:
    """Nothing is lost silently, and nothing is loaded in part."""
    (tmp_path / "incident_evidence.jsonl").write_text("{}\n")
    result = run("load", str(tmp_path))
    assert result.exit_code == 1
    assert "incident_evidence.jsonl, line 1: id is missing" in " ".join(result.output.split())
    assert not (home / "data" / "incidents.sqlite").exists() or "incident_evidence" not in str(
        sqlite3.connect(home / "data" / "incidents.sqlite")
        .execute("SELECT name FROM sqlite_master")
        .fetchall()
    )


def test_loading_with_keep_going_loads_the_rest_and_names_the_bad_lines(
    home: Path, tmp_path: Path
) -> None:
    """The exit status shows that not all lines were loaded."""
    good = (SAMPLES / "labels.jsonl").read_text("utf-8").splitlines()[:3]
    path = tmp_path / "reviewed.jsonl"
    path.write_text("\n".join([good[0], "{", *good[1:]]), "utf-8")
    result = run("load", str(path), "--table", "labels", "--keep-going")
    assert result.exit_code == 1
    assert "loaded 3 rows into labels" in result.output
    assert "skipped 1 line:" in result.output
    assert "reviewed.jsonl, line 2: " in result.output.replace("\n", "")
    with sqlite3.connect(home / "data" / "incidents.sqlite") as source:
        assert source.execute("SELECT count(*) FROM labels").fetchall() == [(3,)]


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("labels.txt", (), "expected .jsonl"),
        ("reviewed.csv", (), "use --table with one of"),
        ("", ("--table", "labels"), "files of a folder are named after"),
    ],
)
def test_a_file_not_named_after_a_table_is_rejected(
    name: str, words: tuple[str, ...], says: str, home: Path
) -> None:
    """Guessing from the columns would load the wrong data some day."""
    (home / "labels.txt").touch()
    (home / "reviewed.csv").touch()
    result = run("load", str(home / name), *words)
    assert result.exit_code == 1
    assert says in " ".join(result.output.split())


def test_loading_a_folder_names_the_files_it_skipped(home: Path, tmp_path: Path) -> None:
    """A misspelt name must not look like a table without rows."""
    (tmp_path / "incident_evidence.jsonl").symlink_to(SAMPLES / "incident_evidence.jsonl")
    (tmp_path / "agent_session.csv").touch()
    result = run("load", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "skipped agent_session.csv" in result.output
    assert (home / "data" / "incidents.sqlite").exists()


def test_a_home_without_data_is_rejected_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default is the working directory: the message names the folder."""
    monkeypatch.setenv("REPLAY_HOME", str(tmp_path))
    result = run("demo")
    assert result.exit_code == 1
    assert "REPLAY_HOME" in result.output


@pytest.mark.parametrize("command", [one.name for one in COMMANDS])
def test_every_command_explains_itself(command: str) -> None:
    """A new user's first step."""
    result = run(command, "--help")
    assert result.exit_code == 0
    assert len(result.output) > 200


def test_an_unknown_fault_is_rejected(home: Path) -> None:
    """The message lists the valid faults."""
    result = run("serve-stand-in", "--fault", "418=1")
    assert result.exit_code == 2
    assert "429" in result.output
    assert home.exists()


def test_the_module_is_the_same_program() -> None:
    """`python -m replay_assets`."""
    done = subprocess.run(
        [sys.executable, "-m", "replay_assets", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "version" in done.stdout


def test_help_is_shown_without_importing_the_heavy_libraries() -> None:
    """A help page must appear immediately; importing Dagster or pandas takes most of a second."""
    pages = [["--help"], *([one.name, "--help"] for one in COMMANDS)]
    shown = f"[main(words, standalone_mode=False) for words in {pages}]"
    code = f"import sys; from replay_assets.cli import main; {shown}"
    assert run_alone(code).isdisjoint(HEAVY)


def test_replaying_a_pack_does_not_load_dagster() -> None:
    """A machine that only replays needs no instance, and should not wait for its import."""
    assert "dagster" not in run_alone("import sys, replay_assets.cli.replay")


def run_alone(code: str) -> set[str]:
    """Run Python in a separate process; return the packages it has imported at the end."""
    report = ";print(*{name.partition('.')[0] for name in sys.modules}, sep='\\n', file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code + report], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_a_command_that_can_ask_again_says_that_a_run_continues():
    """An interrupted run of each of them keeps its answers, and its last line must say so."""
    can = {one.name for one in COMMANDS if any(part.name == "refresh" for part in one.params)}
    assert can == ASKING_COMMANDS - {"backfill", "demo"}


def test_the_readme_names_commands_and_options_that_exist():
    """Each `replay-assets NAME …` of a block or a code span, to the end of its line or span."""
    commands = {one.name: {name for part in one.params for name in part.opts} for one in COMMANDS}
    found = re.findall(
        r"replay-assets ([a-z-]+)([^`\n#|]*)", (SAMPLES.parents[1] / "README.md").read_text("utf-8")
    )
    assert {name for name, _ in found} == set(commands)
    for name, rest in found:
        assert set(re.findall(r"--[a-z-]+", rest)) <= commands[name], f"{name}{rest}"
