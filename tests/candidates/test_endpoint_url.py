"""Addresses of endpoints: what people paste, and where requests go."""

from pathlib import Path

import pytest

from replay_assets.candidates.candidate import Candidate
from replay_assets.candidates.catalogue import Catalogue
from replay_assets.errors import ConfigurationError


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("http://localhost:8000/v1", "http://localhost:8000/v1/chat/completions"),
        ("http://localhost:8000/v1/", "http://localhost:8000/v1/chat/completions"),
        ("https://models.example", "https://models.example/chat/completions"),
        ("https://models.example/", "https://models.example/chat/completions"),
        ("https://h.example/v1beta/openai/", "https://h.example/v1beta/openai/chat/completions"),
        ("https://h.example/v2/chat/completions", "https://h.example/v2/chat/completions"),
        ("https://h.example/v1/chat/completions/", "https://h.example/v1/chat/completions"),
        ("https://h.example/inference/v3 ", "https://h.example/inference/v3/chat/completions"),
        (
            "https://h.example/openai/deployments/d/chat/completions?api-version=2024-06-01",
            "https://h.example/openai/deployments/d/chat/completions?api-version=2024-06-01",
        ),
        (
            "https://h.example/deployments/d/?api-version=preview",
            "https://h.example/deployments/d/chat/completions?api-version=preview",
        ),
        ("HTTPS://H.example/V1", "https://H.example/V1/chat/completions"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1/chat/completions"),
        ("embedded://baselines/v1/", "embedded://baselines/v1/chat/completions"),
    ],
)
def test_requests_go_below_any_address(written: str, asked: str) -> None:
    """Options stay at the end; what requests add may be pasted too."""
    candidate = Candidate(id="x", model="m", base_url=written)
    assert candidate.url_of("/chat/completions") == asked
    again = Candidate(id="x", model="m", base_url=candidate.base_url)
    assert again.base_url == candidate.base_url
    assert candidate.limit_key.replace("_", "").isalnum()


@pytest.mark.parametrize(
    "written",
    [
        "localhost:8000/v1", "http:///v1", "http://h.example/a b", "http://h.example/v1\n/x",
        "http://h.example:port/v1", "http://h.example:0x/v1", "http://me@h.example/v1",
        "http://h.example/v1#part", "http://h.example/v1?key=x", "http://h.example/v1/messages",
        "http://h.example/v1?token=", "http://h.example/v1/models",
        "http://h.example/v1?code=x", "embedded://baselines/v1?x=1", "",
    ],
)  # fmt: skip
def test_what_is_not_an_address_is_refused(written: str) -> None:
    """Each with a message that says what to write."""
    with pytest.raises(ValueError, match=r"must|has an|ends in"):
        Candidate(id="x", model="m", base_url=written)


def test_an_option_that_looks_like_a_key_is_refused(tmp_path: Path) -> None:
    """Addresses are shown in the UI."""
    key = "nvapi-" + "FAKE0123456789" * 3
    path = tmp_path / "candidates.yaml"
    path.write_text(f"- {{id: x, model: m, base_url: 'https://h.example/v1?v={key}'}}\n")
    with pytest.raises(ConfigurationError, match=r"line 1: 0\.base_url: has an option") as refused:
        Catalogue.load(path)
    assert key not in str(refused.value)
