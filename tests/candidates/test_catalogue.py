"""The catalogue: what ships, and how a wrong file is refused."""

import re
from pathlib import Path

import pytest

from replay_assets.candidates.candidate import Candidate
from replay_assets.candidates.catalogue import Catalogue
from replay_assets.contracts.request import CONTRACT_TUNED
from replay_assets.errors import ConfigurationError

KEY = "nvapi-" + "FAKE0123456789"
PASSWORD = "FAKE-" + "no-vendors-form"
ROUTES = {
    "route-tool-calling": ("nemotron-mini", "gemini-flash", "claude-haiku"),
    "route-k8s-operation": ("nemotron-mini", "ollama-qwen", "gemini-flash"),
    "route-incident-analysis": ("nemotron-70b", "claude-sonnet", "gemini-pro"),
    "route-general-chat": ("ollama-qwen", "gemini-flash", "claude-haiku"),
    "route-code-generation": ("nemotron-mini", "ollama-qwen-coder", "claude-sonnet"),
}
KEYS = {"nemotron": "NVIDIA_API_KEY", "gemini": "GEMINI_API_KEY", "claude": "ANTHROPIC_API_KEY"}
ENTRY = "- id: mine\n  model: vendor/model\n  base_url: http://localhost:8000/v1\n"


def load(folder: Path, text: str) -> Catalogue:
    """Load a catalogue of some text."""
    path = folder / "candidates.yaml"
    path.write_text(text, encoding="utf-8")
    return Catalogue.load(path)


def refusal(folder: Path, text: str) -> str:
    """Return the message for a catalogue that is refused."""
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text)
    assert str(folder / "candidates.yaml") in str(caught.value)
    return str(caught.value)


def test_the_shipped_catalogue_has_the_models_the_baselines_and_a_local_one(
    shipped: Catalogue,
) -> None:
    """Ids are paths in the lake: they do not change."""
    assert {candidate.id for candidate in shipped} == {
        "nemotron-mini", "nemotron-mini-tuned", "nemotron-70b", "nemotron-super", "local",
        "rules-baseline", "constant-baseline", "gemini-flash", "gemini-pro", "claude-haiku",
        "claude-sonnet", "ollama-qwen", "ollama-qwen-coder", *ROUTES,
    }  # fmt: skip
    tuned = shipped.get("nemotron-mini-tuned")
    assert (tuned.model, tuned.variant_id) == ("nvidia/nemotron-mini-4b-instruct", CONTRACT_TUNED)
    assert shipped.get("nemotron-mini").variant_id is None


def test_the_routes_of_the_original_ship(shipped: Catalogue) -> None:
    """Each with its primary first."""
    assert {one.id: one.route for one in shipped if one.route} == ROUTES


def test_the_original_defaults_hold(shipped: Catalogue) -> None:
    """Temperature 0, 900 tokens, 60 s, one at a time."""
    plain = Candidate(id="x", model="m", base_url="http://localhost/v1")
    assert plain.sampling.model_dump() == {"temperature": 0.0, "max_tokens": 900}
    assert (plain.limits.concurrency, plain.limits.timeout_s) == (1, 60.0)
    assert shipped.get("nemotron-mini").base_url == "https://integrate.api.nvidia.com/v1"


def test_the_variables_of_the_original_change_the_shipped_entries() -> None:
    """Those of one account: each entry at that endpoint takes them."""
    values = {
        "NVIDIA_API_BASE_URL": "http://nim.internal/v1",
        "NEMOTRON_TOOL_MODEL": "tool",
        "NEMOTRON_REASONING_MODEL": "reasoning",
        "NEMOTRON_RPM_LIMIT": "60",
        "NEMOTRON_TPM_LIMIT": "5000",
    }
    changed, usual = Catalogue.load(variable=values.get), Catalogue.load()
    for one in (entry for entry in changed if entry.id.startswith("nemotron")):
        assert one.base_url == "http://nim.internal/v1"
        assert (one.limits.rpm, one.limits.tpm) == (60, 5000)
        assert (usual.get(one.id).limits.rpm, usual.get(one.id).limits.tpm) == (40, 100_000)
        assert one.digest() != usual.get(one.id).digest()
    assert changed.get("nemotron-mini-tuned").model == changed.get("nemotron-mini").model == "tool"
    assert changed.get("nemotron-70b").model == "reasoning"
    assert changed.get("nemotron-super").model == "nvidia/nemotron-3-super"


def test_the_readme_names_every_variable_of_the_shipped_entries() -> None:
    """Who runs it must not have to read the file to find them."""
    root = Path(__file__).parents[2]
    shipped = (root / "replay_assets" / "candidates" / "candidates.yaml").read_text("utf-8")
    taken = set(re.findall(r"^[^#\n]*\$\{([A-Z_]+)", shipped, re.MULTILINE))
    readme = (root / "README.md").read_text("utf-8")
    assert len(taken) > 5
    assert taken <= set(re.findall(r"`([A-Z_]+)`", readme))


def test_only_the_embedded_candidates_are_baselines_and_need_no_key(shipped: Catalogue) -> None:
    """Nothing pretends to be a model, and a model on the net never runs without its key."""
    for candidate in shipped:
        assert candidate.baseline is candidate.id.endswith("-baseline")
        assert candidate.api_key_env == KEYS.get(candidate.id.partition("-")[0])


def test_only_the_baselines_and_nemotron_are_scheduled(shipped: Catalogue) -> None:
    """A key that is set for something else must not make Monday's replay dearer."""
    for candidate in shipped:
        assert candidate.scheduled is candidate.id.startswith(("nemotron", "rules", "constant"))
        assert candidate.prices_usd_per_million is None


def test_an_unknown_id_is_answered_with_those_there_are(shipped: Catalogue) -> None:
    """A typing error can be fixed without opening the file."""
    with pytest.raises(ConfigurationError, match="no candidate 'nemotron'.*rules-baseline"):  # noqa: RUF043
        shipped.get("nemotron")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (ENTRY + "  prompt_variant: tuned\n", 4, ("prompt_variant", "'base', 'contract_tuned' or")),
        (ENTRY + "  limits:\n    rpm: 0\n", 5, ("limits.rpm", "greater than 0", "found 0")),
        (ENTRY + "  limits: {timeout: 3}\n", 4, ("limits.timeout", "unknown field")),
        (ENTRY + "  colour: red\n", 4, ("colour", "unknown field", "prompt_variant", "limits")),
        (ENTRY + "  sampling: {temperature: hot}\n", 4, ("sampling.temperature", "'hot'")),
        (ENTRY + "  prices_usd_per_million: {input: 1}\n", 4, ("output", "required")),
        (ENTRY + "  budget_usd: 5\n", 1, ("budget_usd needs prices",)),
        (ENTRY + "  cache: sometimes\n", 4, ("cache", "'sometimes'")),
        (ENTRY + "  repeats: 0\n", 4, ("repeats", "greater than or equal to 1", "found 0")),
        (ENTRY + "- id: two\n  model: m\n", 4, ("1.base_url", "required")),
        (ENTRY.replace("mine", "Mine"), 1, ("id", "pattern", "'Mine'")),
        (ENTRY.replace("mine", "incumbent"), 1, ("id", "reserved", "production")),
        (ENTRY.replace("/v1", "/v1/responses"), 3, ("base_url", "/responses, another API")),
        (ENTRY.replace("http:", "embedded:").replace("/v1", "/v2"), 3, ("baselines/v1",)),
        (ENTRY.replace("mine", "m" * 64), 1, ("id", "at most 63 characters")),
        (ENTRY.replace("http:", "ftp:"), 3, ("base_url", "http or https")),
        ("id: mine\n", 1, ("list",)),
        ("", 1, ("list",)),
        (ENTRY + "  limits: [1\n- x", 5, ("not valid YAML",)),
    ],
    ids=[
        "choice", "number", "unknown_nested", "unknown", "type", "missing_nested", "budget",
        "cache", "repeats", "missing", "id", "incumbent", "other_api", "embedded", "long_id",
        "scheme", "mapping", "empty", "syntax",
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_line_field_and_way_out(
    tmp_path: Path, text: str, line: int, words: tuple[str, ...]
) -> None:
    """No one should have to search a file for what is wrong in it."""
    told = refusal(tmp_path, text)
    assert f"line {line}: " in told
    for word in words:
        assert word in told


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """One run, not one run a mistake."""
    text = ENTRY + "  prompt_variant: x\n  limits: {rpm: -1}\n" + ENTRY.replace("http:", "ftp:")
    told = refusal(tmp_path, text)
    assert len(told.splitlines()) == 4
    for line in ("line 4: ", "line 5: ", "line 8: "):
        assert line in told


@pytest.mark.parametrize("secret", [KEY, PASSWORD], ids=["vendors_key", "plain_password"])
@pytest.mark.parametrize(
    "text",
    [
        ENTRY + "  api_key_env: {}\n",
        ENTRY + "  api_key: {}\n",
        ENTRY + "  limits: {{api_key: {}}}\n",
        ENTRY + "  prompt_variant: [{}\n",
        "- api_key_env: {}\n",
        "- {}\n",
        "{}\n",
        "- id: x\n  model: m\n  base_url: http://me:{}@host/v1\n",
        "- id: x\n  model: m\n  base_url: http://{}@host/v1\n",
        "- id: x\n  model: m\n  base_url: http://host/v1?api_key={}\n",
        "- id: x\n  model: m\n  base_url: http://host/v1#{}\n",
        "- id: x\n  model: m\n  base_url: http://me:12/{}@host/v1\n",
        "- id: x\n  model: m\n  base_url: http://me:[{}@host/v1\n",
        "- id: x\n  model: m\n  base_url: http://me:{}\u2100@host/v1\n",
        "- id: x\n  model: m\n  base_url: http://host/v1?subscription-key={}\n",
        "- id: x\n  model: [{}]\n  base_url: http://host/v1\n",
    ],
    ids=[
        "instead_of_a_name", "unknown_field", "unknown_nested", "broken_yaml", "beside_a_mistake",
        "as_an_entry", "as_the_file", "password_in_url", "user_in_url", "query", "fragment",
        "slash_in_password", "bracket_in_password", "odd_host", "subscription", "in_a_list",
    ],
)  # fmt: skip
def test_a_key_or_password_in_the_file_is_never_shown(
    tmp_path: Path, text: str, secret: str
) -> None:
    """The message ends up in logs and screenshots; the file is refused all the same."""
    told = refusal(tmp_path, text.format(secret))
    assert "FAKE" not in told


@pytest.mark.parametrize("field", ["prompt_variant", "id", "cache"])
def test_a_key_in_the_place_of_a_choice_is_recognised(tmp_path: Path, field: str) -> None:
    """A wrong choice is quoted, so that it is found in the file; a key is not."""
    lines = [line for line in ENTRY.splitlines() if f" {field}:" not in line]
    text = "\n".join([f"- {field}: {KEY}", *(line.replace("- ", "  ") for line in lines)])
    told = refusal(tmp_path, text)
    assert field in told
    assert "FAKE" not in told


def test_ids_that_differ_in_hyphen_and_underscore_are_refused(tmp_path: Path) -> None:
    """They would be one node of the asset graph."""
    told = refusal(tmp_path, ENTRY.replace("mine", "a-b") + ENTRY.replace("mine", "a_b"))
    assert "'a-b'" in told
    assert "'a_b'" in told


@pytest.mark.parametrize(
    "text",
    [ENTRY * 2, ENTRY.replace("mine", "m") * 2, "[]"],
    ids=["same_id_twice", "same_short_id_twice", "no_candidate"],
)
def test_a_catalogue_must_name_each_candidate_once(tmp_path: Path, text: str) -> None:
    """Two entries of one id would overwrite each other's results."""
    refusal(tmp_path, text)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"], ids=["absent", "not_utf8"])
def test_a_file_that_cannot_be_read_is_a_configuration_error(
    tmp_path: Path, content: bytes | None
) -> None:
    """Not a traceback."""
    path = tmp_path / "candidates.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"candidates\.yaml"):
        Catalogue.load(path)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("base_url: http://localhost:99999/v1", "port"),
        ("base_url: http://localhost:abc/v1", "port"),
        ("base_url: http://localhost/v1\n  sampling: {model: other}", "must not set model"),
        ("base_url: http://localhost/v1\n  sampling: {messages: []}", "must not set messages"),
        ("base_url: http://localhost/v1\n  sampling: {temperature: .nan}", "temperature"),
        ("base_url: http://localhost/v1\n  sampling: {top_p: .inf}", "infinity"),
        ("base_url: http://localhost/v1\n  sampling: {seed: 2024-01-01}", "no date"),
        ("base_url: http://localhost/v1\n  limits: {timeout_s: .inf}", "timeout_s"),
    ],
)
def test_what_would_ask_something_else_is_refused(tmp_path: Path, line: str, says: str) -> None:
    """Sampling must not replace the request, and a port must be one, before anything is sent."""
    path = tmp_path / "candidates.yaml"
    path.write_text(f"- id: one\n  model: m\n  {line}\n")
    with pytest.raises(ConfigurationError, match=says):
        Catalogue.load(path)


def test_a_baseline_that_is_served_is_a_baseline_all_the_same() -> None:
    """The stand-in over HTTP must not be promoted either."""
    served = Candidate(id="x", model="rules-baseline", base_url="http://localhost:8009/v1")
    assert (served.baseline, served.embedded, served.constant) == (True, False, False)


JUDGE = "- id: judge\n  role: judge\n  base_url: http://localhost:8005/v1\n"


def test_an_entry_with_a_role_is_not_replayed(tmp_path: Path) -> None:
    """Its key is guarded like any other, but the replay has no node for it."""
    shield = (
        "- id: shield\n  role: shield\n  model: vendor/shield\n  base_url: http://localhost/v1\n"
    )
    catalogue = load(tmp_path, ENTRY + JUDGE + "  api_key_env: JUDGE_KEY\n" + shield)
    assert [one.id for one in catalogue.replayed] == ["mine"]
    assert catalogue.judge == catalogue.get("judge")
    assert catalogue.key_variables == ("JUDGE_KEY",)
    assert load(tmp_path, ENTRY).judge is None


def test_a_judge_has_the_defaults_of_the_original(tmp_path: Path) -> None:
    """256 tokens, temperature 0.1, 100 at the same time, 60 s; each can be changed alone."""
    judge = load(tmp_path, JUDGE).get("judge")
    assert judge.sampling.model_dump() == {"temperature": 0.1, "max_tokens": 256}
    assert (judge.limits.concurrency, judge.limits.timeout_s, judge.cache) == (100, 60.0, True)
    slow = load(tmp_path, JUDGE + "  limits: {concurrency: 2}\n  sampling: {max_tokens: 64}\n")
    assert slow.get("judge").limits.concurrency == 2
    assert slow.get("judge").limits.timeout_s == 60.0
    assert slow.get("judge").sampling.model_dump() == {"temperature": 0.1, "max_tokens": 64}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (JUDGE + JUDGE.replace("id: judge", "id: other"), ("'judge' and 'other' are both judges",)),
        (ENTRY + JUDGE + "  model: Vendor/Model\n", ("'mine'", "that it helps to train")),
        (JUDGE.replace("role: judge", "role: shield"), ("model: required",)),
        (JUDGE.replace("id: judge", "id: rules-judge"), ("rules-judge", "built-in judge")),
    ],
)
def test_a_judge_that_cannot_judge_is_refused(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    """Two of them, the model that is trained on its labels, a shield without a model."""
    message = refusal(tmp_path, text)
    assert all(word in message for word in words), message
