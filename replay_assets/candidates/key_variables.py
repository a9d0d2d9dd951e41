"""Which variables must not be in a value of the catalogue: those of keys, and those with a key."""

import re

from replay_assets.parsing.yaml_places import Place
from replay_assets.sanitizing import mask_strict, sanitize_text

SEED = re.compile(r"(^|_)seed$", re.I)
"""Of sampling; elsewhere a seed may be a secret."""


def objection_to(name: str, value: str | None, place: Place) -> str | None:
    """Return why a variable must not be in a value; None if it may be."""
    if value is not None and mask_strict(value) != value:
        return f"the value of {name} looks like a key; a key must not be in the catalogue"
    if not _names_a_key(name):
        return None
    if place[-1:] != ("api_key_env",):
        return (
            f"{name} looks like the name of a key, and a key must not be in the catalogue; name it "
            "in api_key_env, or rename the variable if it holds something else"
        )
    if value is not None and not _names_a_key(value):
        return f"the value of {name} must be the NAME of a variable, never a key itself"
    return None


def _names_a_key(variable: str) -> bool:
    """Return whether a variable's name says that its value is a key or password."""
    # Such names are recognized in front of a value that looks random.
    example = f"{variable}=q7Zp3vXk9Lm2Wd8R"
    return sanitize_text(example) != example and not SEED.search(variable)
