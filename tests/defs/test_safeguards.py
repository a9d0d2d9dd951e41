"""Canaries, keys in use and a deployment's own rules, in real runs."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from replay_assets.definitions import build_definitions
from replay_assets.lake.assets import BY_NAME
from replay_assets.launching import shared_assets_present
from replay_assets.settings import Settings
from tests.conftest import settings_in
from tests.defs.sources import changed_samples
from tests.defs.walks import bytes_of, failed_steps, walk_day

DAY = "2026-09-30"
CANARY = "tern" + "-7f3a-FAKE"
KEY = "FAKE-" + "key-of-no-vendor"


def told(home: Path, text: str) -> Settings:
    """Return settings with a text in every incident."""
    return changed_samples(
        home,
        change={
            "incident_evidence": lambda row: {
                **row,
                "evidence_summary": f"{row['evidence_summary']}\n{text}",
            }
        },
    )


def written(settings: Settings) -> bytes:
    """Everything in the lake."""
    return b"".join(bytes_of(settings.lake).values())


def events_of(result: dg.ExecuteInProcessResult) -> str:
    """Everything that a run reported."""
    return json.dumps([str(event) for event in result.all_events])


@pytest.mark.parametrize("kind", ["canary", "api_key_in_use"])
def test_a_value_that_no_rule_masks_but_must_not_leave_fails_the_partition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Incident, field and kind are reported; the value is in no event and no file."""
    value = CANARY if kind == "canary" else KEY
    settings = told(tmp_path, f"the bird said {value} twice")
    if kind == "canary":
        file = tmp_path / "canaries.txt"
        file.write_text(f"{CANARY}\n")
        settings = replace(settings, canaries=file)
    else:
        monkeypatch.setenv("NVIDIA_API_KEY", KEY)
        settings = replace(settings, candidates=None)  # their keys are known as secrets
    result = walk_day(settings, DAY)
    assert "request_pack" in failed_steps(result)
    assert f"still contains {kind} in user_prompt" in events_of(result)
    assert value not in events_of(result)
    assert value.encode() not in written(settings)
    assert not list(Path(settings.lake).rglob("*replay_results*"))


def test_an_error_in_the_rules_shows_no_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its message nor Dagster's record of it."""
    settings = told(tmp_path, f"said {CANARY}")

    def stumble(self: object, value: object, key: str = "") -> object:
        raise ValueError(f"can't read {value!r}")

    monkeypatch.setattr(
        "replay_assets.sanitizing.pseudonyms.engine.IncidentSanitizer.value", stumble
    )
    result = walk_day(settings, DAY)
    shown = events_of(result)
    assert "ValueError in stumble" in shown
    assert CANARY not in shown
    assert "can't read" not in shown


def own_rules(home: Path) -> Path:
    """A file with one rule of a deployment."""
    file = home / "rules.yaml"
    file.write_text(
        "rules:\n- {id: own.bird, category: BIRD, pattern: 'tern-[0-9a-f]{4}-FAKE', "
        "example: tern-0000-FAKE, unlike: tern-zzzz-FAKE}\n"
    )
    return file


def test_a_rule_of_the_deployment_masks_and_is_audited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted under its id; if the audit key is set, the value has a hash."""
    monkeypatch.setenv("REPLAY_AUDIT_KEY", "FAKE-" + "audit-key")
    settings = replace(told(tmp_path, f"the bird said {CANARY}"), rules=own_rules(tmp_path))
    assert walk_day(settings, DAY).success
    assert CANARY.encode() not in written(settings)
    assert b"<BIRD_1>" in written(settings)
    folder = Path(settings.lake) / "files" / "request_pack" / f"date={DAY}"
    audit: dict[str, Any] = json.loads((folder / "audit.json").read_text())
    assert audit["masked_by_rule"]["own.bird"] == 4
    assert audit["keyed"] is True
    birds = [v for one in audit["incidents"] for v in one["values"] if v["category"] == "BIRD"]
    assert len({one["value_hmac"] for one in birds}) == 4


def test_other_rules_change_the_code_version_of_all_sanitized_assets(tmp_path: Path) -> None:
    """So the UI shows as stale what a backfill would make again."""
    settings = settings_in(tmp_path, source_url="sqlite://")
    first, second = (
        build_definitions(one).resolve_asset_graph()
        for one in (settings, replace(settings, rules=own_rules(tmp_path)))
    )
    changed = {
        key.path[0]
        for key in first.materializable_asset_keys
        if first.get(key).code_version != second.get(key).code_version
    }
    assert changed == {one.name for one in BY_NAME.values() if "rules" in one.settings}


def test_other_rules_rebuild_the_pack_and_make_old_results_ungradable(tmp_path: Path) -> None:
    """With other rules, an answer's placeholders would be matched with other values."""
    settings = told(tmp_path, f"the bird said {CANARY}")
    assert walk_day(settings, DAY).success
    pack = dg.AssetKey("request_pack")
    assert pack in shared_assets_present(settings, build_definitions(settings), DAY)
    changed = replace(settings, rules=own_rules(tmp_path))
    assert pack not in shared_assets_present(changed, build_definitions(changed), DAY)
    key = dg.AssetKey(["replay_scores", "rules-baseline"])
    result = walk_day(changed, DAY, asset_selection=[key])
    assert failed_steps(result) == {"replay_scores__rules_baseline"}
    assert "sanitized by other rules" in events_of(result)


def test_no_resource_shows_a_canary(tmp_path: Path) -> None:
    """Resources end up in logs and in the UI."""
    file = tmp_path / "canaries.txt"
    file.write_text(f"{CANARY}\n")
    settings = replace(changed_samples(tmp_path), canaries=file)
    assert CANARY not in repr(build_definitions(settings).resources)
