"""Values of the catalogue from environment variables: types, mistakes, and no keys."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from replay_assets.candidates.candidate import Candidate
from replay_assets.candidates.catalogue import Catalogue
from replay_assets.errors import ConfigurationError
from replay_assets.settings import read_variable

KEY = "nvapi-" + "a1B2" * 16
TEXT = """\
- id: mine
  model: ${TOOL_MODEL:-vendor/model}
  base_url: ${BASE_URL:-http://localhost:8000/v1}
  api_key_env: ${KEY_VARIABLE:-NVIDIA_API_KEY}
  sampling: {seed: ${SEED:-7}}
  limits: {rpm: ${RPM_LIMIT:-40}}
  prompt_variant: "${VARIANT:-base}"
"""
NONE: Mapping[str, str] = {}


def load(folder: Path, values: Mapping[str, str] = NONE, text: str = TEXT) -> Candidate:
    path = folder / "candidates.yaml"
    path.write_text(text)
    return Catalogue.load(path, values.get)[0]


def refusal(folder: Path, values: Mapping[str, str] = NONE, text: str = TEXT) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, values, text)
    message = str(caught.value)
    assert message.startswith(f"catalogue {folder / 'candidates.yaml'}:\n")
    assert not any(len(value) > 3 and value in message for value in values.values())
    return message


def test_a_candidate_is_what_its_resolved_values_say(tmp_path: Path):
    """Also for its digest: answers of another model or endpoint are not its answers."""
    usual, other = load(tmp_path), load(tmp_path, {"TOOL_MODEL": "m", "RPM_LIMIT": "60"})
    assert (usual.model, usual.limits.rpm, usual.sampling.model_extra) == (
        "vendor/model", 40, {"seed": 7},
    )  # fmt: skip
    assert (other.model, other.limits.rpm) == ("m", 60)
    assert usual.digest() != other.digest()
    assert usual.digest() == load(tmp_path, {"RPM_LIMIT": "60"}).digest()


@pytest.mark.parametrize(
    ("values", "line", "says"),
    [
        ({"RPM_LIMIT": "many"}, 6, "limits.rpm: Input should be a valid integer"),
        ({"RPM_LIMIT": "0"}, 6, "limits.rpm: Input should be greater than 0"),
        ({"RPM_LIMIT": "40.5"}, 6, "limits.rpm: Input should be a valid integer"),
        ({"VARIANT": "swordfish"}, 7, "prompt_variant: Input should be 'base', 'contract_tuned'"),
        ({"BASE_URL": "ftp://swordfish/v1"}, 3, "base_url: must be an http or https URL"),
        ({"KEY_VARIABLE": "swordfish"}, 4, "api_key_env: must be the NAME"),
    ],
)
def test_a_wrong_value_is_refused_with_line_and_variable(
    tmp_path: Path, values: dict[str, str], line: int, says: str
):
    """And never shown: a key may be in the wrong variable."""
    (variable,) = values
    message = refusal(tmp_path, values)
    assert f"line {line}: 0.{says}" in message
    assert f"(found the value of {variable})" in message


def test_a_wrong_default_is_named_as_such(tmp_path: Path):
    """It is in the file, not in the environment."""
    message = refusal(tmp_path, text=TEXT.replace("RPM_LIMIT:-40", "RPM_LIMIT:-0"))
    assert "line 6: 0.limits.rpm" in message
    assert "(found the default of RPM_LIMIT)" in message


def test_a_wrong_value_with_an_escaped_brace_names_no_variable(tmp_path: Path):
    """There is none in it."""
    message = refusal(tmp_path, text=TEXT.replace("${RPM_LIMIT:-40}", '"$${RPM}"'))
    assert "line 6: 0.limits.rpm" in message
    assert "(found a text with $${)" in message


@pytest.mark.parametrize(
    "name",
    ["NVIDIA_API_KEY", "HF_TOKEN", "DB_PASSWORD", "MY_SECRET", "KEY", "OPENAI_KEY", "CREDENTIALS"],
)
def test_the_variable_of_a_key_is_refused_as_a_value(tmp_path: Path, name: str):
    """Whether it is set or not: values are shown in reports and sent to endpoints."""
    for text, where in ((TEXT.replace("TOOL_MODEL", name), "line 2: 0.model"),
                        (f"${{{name}:-x}}\n", "line 1: file")):  # fmt: skip
        for values in ({}, {name: "swordfish"}):
            message = refusal(tmp_path, values, text)
            assert f"{where}: {name} looks like the name of a key" in message
            assert "api_key_env" in message


@pytest.mark.parametrize("name", ["MAX_TOKENS", "TPM_LIMIT", "MONKEY_MODEL", "SEED", "API_VERSION"])
def test_other_variables_are_not_taken_for_keys(tmp_path: Path, name: str):
    """Limits of tokens, and seeds of sampling."""
    assert load(tmp_path, {name: "m"}, TEXT.replace("TOOL_MODEL", name)).model == "m"


@pytest.mark.parametrize("variable", ["TOOL_MODEL", "KEY_VARIABLE", "BASE_URL"])
def test_a_key_is_refused_in_any_variable(tmp_path: Path, variable: str):
    """A recognized form is refused before anything else looks at it."""
    assert f"the value of {variable} looks like a key" in refusal(tmp_path, {variable: KEY})


def test_a_variable_may_name_the_variable_of_a_key(tmp_path: Path):
    """It must not hold the key itself, whatever that looks like."""
    text = TEXT.replace("KEY_VARIABLE", "MY_KEY")
    assert load(tmp_path, {"MY_KEY": "TEAM_API_KEY"}, text).api_key_env == "TEAM_API_KEY"
    assert "MY_KEY must be the NAME" in refusal(tmp_path, {"MY_KEY": "ABCDEFGHIJKLMNO"}, text)


def test_the_environment_is_read_as_a_shell_would(monkeypatch: pytest.MonkeyPatch):
    """A blank variable has its default; a line break at the end is not a part of a value."""
    for value, found in ((" ", None), ("", None), ("40\n", "40")):
        monkeypatch.setenv("SOME_LIMIT", value)
        assert read_variable("SOME_LIMIT") == found
