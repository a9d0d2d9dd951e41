"""Dagster's instance folder: where runs are recorded, and with which settings.

The folder below `data/` is ours, and gets our settings. Any other folder that DAGSTER_HOME names
belongs to other projects too, so none of our files is written there.
"""

import hashlib
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from replay_assets.definitions import LOCATION
from replay_assets.errors import ConfigurationError
from replay_assets.lake.files import open_root, publish
from replay_assets.parsing.yaml_files import load_yaml
from replay_assets.settings import Settings, cache_folder, set_dagster_home

NOT_IN_URLS = "%?"
"""Characters of a path that Dagster puts into the URLs of its databases without encoding them."""


def prepare_instance(settings: Settings) -> str | None:
    """Set DAGSTER_HOME to the instance folder, with our settings in it if it is ours.

    Returns:
        What a user must know of a folder that is not ours; None for ours.

    Raises:
        ConfigurationError: the folder's settings can't be used.
    """
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    set_dagster_home(_as_dagster_opens_it(home))
    if not home.resolve().is_relative_to(settings.data.resolve()):
        return (
            f"DAGSTER_HOME is {home}, outside of {settings.data}: runs are recorded there under "
            "that folder's settings, and none of our files is written into it. This command sends "
            "no telemetry; for `telemetry: {enabled: false}`, one run at a time per endpoint and "
            "the end of runs whose process was killed, copy replay_assets/instance.yaml into its "
            "dagster.yaml, or unset DAGSTER_HOME."
        )
    file = home / "dagster.yaml"
    if not file.exists():
        content = (package_files("replay_assets") / "instance.yaml").read_bytes()
        publish(open_root(str(file)), content)
    _read(file)
    return None


def prepare_workspace(settings: Settings) -> str:
    """Return the workspace file for the UI: the repository's, or else one written here."""
    own = settings.data.parent / "workspace.yaml"
    if own.exists():
        _read(own)
        return str(own)
    made = settings.data / "workspace.yaml"
    entry = f"{{module_name: replay_assets.definitions, location_name: {LOCATION}}}"
    publish(open_root(str(made)), f"load_from: [{{python_module: {entry}}}]\n".encode())
    return str(made)


def _read(file: Path) -> None:
    """Refuse mistakes that Dagster would not report, such as a key that occurs twice."""
    load_yaml(file, dict[str, Any], what="Dagster's settings", empty={})


def _as_dagster_opens_it(home: Path) -> Path:
    """Return the folder, or a link to it if Dagster would open another path."""
    if not set(NOT_IN_URLS) & set(str(home)):
        return home
    name = hashlib.sha256(str(home).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    link = cache_folder() / name
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(home, target_is_directory=True)
    except OSError as error:
        raise ConfigurationError(
            f"DAGSTER_HOME is {home}; Dagster can't open a path with {' or '.join(NOT_IN_URLS)}, "
            f"and {link} can't be made as a link to it: {error.strerror}. Set DAGSTER_HOME to "
            "another folder."
        ) from error
    return link
