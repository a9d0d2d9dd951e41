"""What commands that ask models without Dagster read from the environment."""

from pathlib import Path

from replay_assets.candidates import Catalogue
from replay_assets.inference import RunStores, SendingGate
from replay_assets.sanitizing import RuleSet, load_canaries, rules_of
from replay_assets.settings import named_file, read_secrets, read_variable, state_folder


def own_catalogue() -> Catalogue:
    """Return the catalogue that $REPLAY_CANDIDATES names, else the shipped one."""
    return Catalogue.load(named_file("REPLAY_CANDIDATES"), read_variable)


def own_rules() -> RuleSet:
    """Return the sanitizing rules, with those that $REPLAY_RULES names."""
    return rules_of(named_file("REPLAY_RULES"))


def sending_gate(catalogue: Catalogue, rules: RuleSet) -> SendingGate:
    """Return the gate of every request: it searches for all keys of a catalogue, and canaries."""
    return SendingGate(
        secrets=read_secrets(catalogue.key_variables),
        canaries=load_canaries(named_file("REPLAY_CANARIES")),
        rules=rules,
    )


def local_stores(root: Path, out: Path) -> RunStores:
    """Return stores with one folder in `root` per work.

    Cache and ledger are in the folder of state, so that other runs share them; in `out` if there is
    no such folder.
    """
    return RunStores.local(root, shared=state_folder() or out)
