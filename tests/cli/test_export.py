"""`export`: training files of any days without Dagster, and the judge of any file."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from replay_assets.cli import main
from replay_assets.contracts.training_manifest import TrainingManifest
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.lake.files import sha256
from replay_assets.sanitizing import rules_digest, rules_of
from tests.finetune.records import OTHER, WEEK, Lake, evidence, repair, session

NEXT = "2026-09-22"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose lake has two days."""
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("REPLAY_HOME", str(tmp_path))
    monkeypatch.setenv("REPLAY_EVIDENCE", str(tmp_path / "data/lake"))
    settings = {"vocabulary": load_vocabulary(), "rules": rules_digest(rules_of(None))}
    lake = Lake(tmp_path / "data/lake", **settings)
    lake.day(WEEK, [evidence()], repairs=[repair()], messages=session())
    lake.day(NEXT, [evidence(**OTHER)])
    return tmp_path


def run(*arguments: str | Path) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["export", *map(str, arguments)])


def data_files(folder: Path) -> list[Path]:
    """Return the files with rows."""
    return sorted(path for path in folder.glob("*.jsonl") if path.name.count(".") == 5)


def test_days_become_files_with_lineage_and_a_manifest(home: Path) -> None:
    """Named by flavour, split, first day and hash; every row traces to its incident."""
    out = home / "out"
    result = run("--from", WEEK, "--to", NEXT, "--out", out, "--flavour", "sft.chat",
                 "--flavour", "dpo.trl")  # fmt: skip
    assert result.exit_code == 0, result.output
    (written,) = out.glob("manifest.*.json")
    manifest = TrainingManifest.read(json.loads(written.read_text()))
    assert manifest.week == WEEK
    assert {path.name for path in data_files(out)} == {one.file for one in manifest.files}
    assert {one.flavour for one in manifest.files} == {"sft.chat", "dpo.trl"}
    for one in manifest.files:
        content = (out / one.file).read_bytes()
        assert one.file == f"{one.flavour}.{one.split}.{WEEK}.{sha256(content)[:16]}.jsonl"
        assert f"{out / one.file} ({one.rows} rows)" in result.output
        lineage = (out / one.lineage_file).read_text().splitlines()
        assert [json.loads(line)["row_sha256"] for line in lineage] == [
            sha256(line) for line in content.splitlines()
        ]
        assert {json.loads(line)["incident_id"] for line in lineage} <= {"inc-1", "inc-2"}


def test_the_default_flavours_and_folder(home: Path) -> None:
    """Days that can't be used are named, and a flavour without a row has no file."""
    result = run("--from", WEEK, "--to", "2026-09-23")
    assert result.exit_code == 0, result.output
    names = [path.name for path in data_files(home / "data/exports")]
    found = {".".join(name.split(".")[:2]) for name in names}
    assert found == {"sft.alpaca", "sft.chat", "dpo.trl", "kto.trl"}
    assert "left out 2026-09-23: incident_evidence 2026-09-23 has not been" in result.output


def test_settings_come_from_a_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what differs is in it; a mistake names the field."""
    (home / "export.yaml").write_text("flavours: [kto.lf]\nmedia_tags: keep\n")
    monkeypatch.setenv("REPLAY_EXPORT", str(home / "export.yaml"))
    assert run("--from", WEEK, "--to", WEEK, "--out", home / "out").exit_code == 0
    assert {path.name[:6] for path in data_files(home / "out")} == {"kto.lf"}
    (home / "export.yaml").write_text("flavour: [kto.lf]\n")
    assert "flavour" in run("--from", WEEK, "--to", WEEK).output


def test_a_file_is_judged_by_the_rules_of_its_flavour(home: Path) -> None:
    """Exit status 0 if a trainer takes all of it, else 1 with line and rule."""
    run("--from", WEEK, "--to", NEXT, "--out", home / "out")
    for path in data_files(home / "out"):
        assert run("--check", path).exit_code == 0, path
    good = '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}'
    bad = home / "rows.jsonl"
    without = good.replace('"b"', "null")
    bad.write_text(f"{good}\n{without}\n")
    result = run("--check", bad, "--flavour", "sft.chat")
    assert result.exit_code == 1
    assert f"{bad}: line 2: no_null: messages[].content is null" in result.output
    assert "--flavour" in run("--check", bad).output


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--from", WEEK], 2, "--from and --to are required, or --check FILE"),
        (["--from", NEXT, "--to", WEEK], 2, f"{WEEK} is before --from {NEXT}"),
        (["--from", "monday", "--to", WEEK], 2, "use YYYY-MM-DD"),
        (["--from", WEEK, "--to", WEEK, "--flavour", "sft.chta"], 1, "use one of sft.alpaca"),
        (["--from", "2026-10-05", "--to", "2026-10-05"], 1, "replay-assets backfill --from"),
        (["--check", "missing.jsonl"], 2, "does not exist"),
    ],
)
def test_a_mistake_is_named_with_its_way_out(
    home: Path, arguments: list[str], status: int, says: str
) -> None:
    """Nothing is written."""
    result = run(*arguments)
    assert result.exit_code == status
    assert says in " ".join(result.output.split())
    assert not (home / "data/exports").exists()
