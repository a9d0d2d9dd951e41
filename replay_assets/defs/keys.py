"""Dagster keys, inputs, tags and code versions of the assets in `lake/assets.py`."""

import dagster as dg

from replay_assets.candidates import Candidate
from replay_assets.lake import Asset
from replay_assets.sanitizing import RuleSet, rules_digest


def key_of(asset: Asset, candidate_id: str | None = None) -> dg.AssetKey:
    """Return the key of an asset: its name, then the candidate if it has one asset per candidate.

    Results of an agent are `agent_replay` of its model.

    Raises:
        ValueError: the asset has one key per candidate, and none is given.
    """
    if not asset.per_candidate:
        return dg.AssetKey(asset.name)
    if candidate_id is None:
        raise ValueError(f"{asset.name} has one asset per candidate; give the candidate's id")
    found, named = asset.of(candidate_id)
    return dg.AssetKey([found.name, named or candidate_id])


def inputs_of(asset: Asset, candidate_id: str | None = None) -> list[dg.AssetKey]:
    """Return the keys of a daily asset's inputs."""
    return [key_of(one, candidate_id) for one in asset.inputs]


def tags_of(candidate: Candidate) -> dict[str, str]:
    """Return the tags of a candidate's assets, by which the graph in the UI can be filtered."""
    return {
        "candidate": candidate.id,
        "baseline": str(candidate.baseline).lower(),
        "scheduled": str(candidate.scheduled).lower(),
    }


def sanitizing_version(code_version: str, rules: RuleSet) -> str:
    """Return the code version of an asset that sanitizes.

    It includes the rules' digest, so that the UI shows the asset as stale after a change of rules.
    """
    return f"{code_version}.{rules_digest(rules)[:12]}"
