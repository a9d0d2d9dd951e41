"""Properties of any text: no leak, second pass changes nothing, same output, linear time."""

import base64
import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from replay_assets.sanitizing import find_label_leaks, sanitize_text
from replay_assets.sanitizing.detect import assignment_patterns, contexts, manifests, personal
from replay_assets.sanitizing.detect.checks import is_mixed
from replay_assets.sanitizing.detect.combined_search import CombinedFinder
from replay_assets.sanitizing.detect.matching import scanner
from replay_assets.sanitizing.detect.rules import shipped
from replay_assets.sanitizing.detect.tokens import TokenFinder
from replay_assets.sanitizing.gates.label_texts import LOOK_ALIKES, fold
from replay_assets.sanitizing.gates.strict_gate import Known, gate_findings, strict_findings

MANY = settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
ALPHABET = "aZ09_-.:/='\"\\，。：」）密碼在 \n\t<>{}[]()&?#@+%|;"
SURROUNDINGS = st.text(alphabet=ALPHABET, max_size=8)
GLUE = st.sampled_from(["", "a", "Z", "0", "9", "碼", "在", "：", "「"])
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
VENDORS = [
    ("nvapi-", 64), ("ghp_", 36), ("glpat-", 20), ("xoxb-", 40), ("sk-proj-", 48), ("hf_", 34),
    ("sk-ant-api03-", 80), ("AIza", 35), ("npm_", 36), ("dckr_pat_", 27), ("sk_live_", 24),
    ("gsk_", 52), ("tvly-", 32), ("lin_api_", 40), ("rdme_", 70), ("hvs.", 90), ("pplx-", 48),
]  # fmt: skip
PIECES = (
    *("password", "token", "=", ": ", '"', "'", "FAKE-1a2b3c4d", "10.0.3.71", "a@example.com", " "),
    *("<IP_1>", "<CRED_2>", "\n", "密碼", "：", "://", "@", "u:p", "4111111111111111", "\\", "{"),
    *("}", ",", "Authorization: ", "Bearer ", "kind: Secret\n", "data:\n", "  a: RkFLRQ==\n", ";"),
    *("--token ", "cookie: a=", "&", "%3D", "-----BEGIN ", "AKIA" + "FAKE" * 4),
)
TEXTS = st.one_of(
    st.text(max_size=120),
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
)


def leaked(token: str, clean: str) -> list[str]:
    """Return the parts of a token, eight characters long, that are still in a text."""
    return [token[at : at + 8] for at in range(len(token) - 7) if token[at : at + 8] in clean]


@MANY
@given(
    vendor=st.sampled_from(VENDORS),
    body=st.data(),
    left=SURROUNDINGS,
    glue=st.tuples(GLUE, GLUE),
    right=SURROUNDINGS,
)
def test_a_token_never_leaks(
    vendor: tuple[str, int], body: st.DataObject, left: str, glue: tuple[str, str], right: str
) -> None:
    """With any text around it: a letter, a digit or a Chinese character directly next to it."""
    prefix, length = vendor
    value = body.draw(
        st.text(alphabet=LETTERS, min_size=length, max_size=length).filter(
            lambda text: is_mixed(text[:18].encode())
        )
    )
    text = f"{left}{glue[0]}{prefix}{value}{glue[1]}{right}"
    assert leaked(value, sanitize_text(text)) == []


@MANY
@given(text=TEXTS)
def test_a_second_pass_changes_nothing(text: str) -> None:
    """Sanitized text stays as it is, and the gate finds nothing in it."""
    once = sanitize_text(text)
    assert sanitize_text(once) == once
    assert strict_findings(once) == []


@MANY
@given(text=TEXTS)
def test_both_engines_agree_on_any_text(text: str) -> None:
    """google-re2 and Python's own engine find the same ranges."""
    data = text.encode("utf-8", "surrogatepass")
    assert shipped().spans(data, "re2") == shipped().spans(data, "re")


@MANY
@given(text=TEXTS)
def test_the_combined_search_finds_what_three_searches_find(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    finders = (
        contexts.ContextFinder("re2"),
        TokenFinder(shipped().tokens, "re2"),
        personal.PersonalFinder("re2"),
    )
    expected = [span for finder in finders for span in finder.find(data)]
    assert CombinedFinder(finders, "re2").find(data) == expected


END = b',"response_format":{"type":"json_schema","json_schema":{"name":"answer","enum":[%b]}}}' % (
    b",".join(b'"risk_or_disk_%d"' % number for number in range(60))
)
CUT_OFF = st.builds(
    "{}{}{}".format,
    TEXTS,
    st.sampled_from(
        [example for rule in shipped().tokens for example in rule.examples()]
        + ["-----BEGIN " + "PRIVATE KEY-----\nRkFLRQ", "cookie: sid", " -u me", "Authorization", ""]
    ),
    st.sampled_from(["", "=", ":", " ", "\\", '"']),
)


@MANY
@given(text=CUT_OFF, before=TEXTS)
def test_an_end_known_to_be_clean_hides_nothing(text: str, before: str) -> None:
    def body(content: str) -> bytes:
        return b'{"messages":[{"content":%b}]%b' % (json.dumps(content).encode(), END)

    known = Known()
    assert gate_findings(body("fine"), known=known, end=END) == []
    gate_findings(body(before), known=known, end=END)
    assert gate_findings(body(text), known=known, end=END) == gate_findings(body(text))


NAMES = st.sampled_from(
    ["execution_success", "Execution-Succe55", "r\u00e9call", "\u0435xecution.success", "name", "a"]
)
SPELLED = st.builds(str.format, st.sampled_from(['{{"{}": 1}}', "{{{}: 1}}", "</{}>", "{}"]), NAMES)
ENCODINGS: dict[str, Callable[[str], str]] = {
    "code points": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "letters as code points": lambda text: text.replace("e", "\\u0065"),
    "JSON": json.dumps,
    "URL": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "HTML": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
}


def encoded(text: str, encodings: list[str]) -> str:
    """Encode a text in several ways, one after the other."""
    for one in encodings:
        text = ENCODINGS[one](text)
    return text


CODED = st.builds(encoded, SPELLED, st.lists(st.sampled_from(sorted(ENCODINGS)), max_size=2))
NEIGHBOURS = st.sampled_from(["", " ", "\n", "x", "|", "\u8fde\u63a5"])
NAMED = st.builds("{}{}{}".format, NEIGHBOURS, CODED, NEIGHBOURS)
PLACES = st.sampled_from(
    [
        lambda text: {text: 1},
        lambda text: {"note": text},
        lambda text: {"rows": [[text, "b"], [1, 2]]},
        lambda text: {"required": ["a", text]},
        lambda text: {"name": text, "value": True},
        lambda text: {"text": text, "more": "no name"},
    ]
)


@MANY
@given(text=NAMED, place=PLACES)
def test_the_quick_search_for_names_misses_none(
    text: str, place: Callable[[str], dict[str, Any]]
) -> None:
    too_short_to_trace = {"unrelated": "-"}  # with a label, the full search runs
    forbidden = ["execution_success", "recall"]
    expected = find_label_leaks(place(text), too_short_to_trace, forbidden)
    assert find_label_leaks(place(text), {}, forbidden) == expected


@MANY
@given(name=st.text(max_size=12))
def test_folding_a_name_equals_folding_its_characters(name: str) -> None:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    kept = "".join(one for one in plain if unicodedata.category(one) not in ("Mn", "Cf", "Me"))
    kept = (name.lower() if name.isascii() else kept).translate(LOOK_ALIKES)
    assert fold(name) == "".join(one for one in kept if one.isalnum())


@pytest.mark.integration
@pytest.mark.parametrize("seed", ["0", "1", "77"])
def test_another_process_with_another_hash_seed_gives_the_same(seed: str) -> None:
    """The order of a set never influences the output."""
    text = (
        "password=FAKE-1a2b from 10.0.3.71, again FAKE-1a2b; RkFLRS0xYTJi 10.0.3.72 a@example.com"
    )
    code = f"from replay_assets.sanitizing import sanitize_text; print(sanitize_text({text!r}))"
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    output = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert output.rstrip("\n") == sanitize_text(text)


UNITS = [
    *"aA01 \n-_.:/=\"'\\([{<>@+%&;,|$碼：",
    *[
        "password=",
        'password="',
        "cookie: a=",
        "://a:",
        "-u a:",
        "kind: Secret\n",
        "::",
        "0:",
        "a@",
    ],
    *[
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "<IP_1>",
        "4111 ",
        "+1 ",
        "phone ",
        "密碼：",
        "eyJa.",
    ],
    *sorted({start for rule in shipped().tokens for start in rule.starts}),
]


def test_work_grows_with_the_length_of_a_hostile_text() -> None:
    """Doubling a repeated unit costs at most 2.5 times the steps; steps are counted, not timed.

    A step is a hit that is checked; limits on repetitions in its patterns bound its cost.
    """
    too_much = {}
    for unit in UNITS:
        once = (unit * (4000 // len(unit) + 1))[:4000].encode()
        few, many = steps(once), steps(once + once)
        if many > 2.5 * few + 40:
            too_much[unit] = (few, many)
    assert too_much == {}


def steps(data: bytes) -> int:
    """Count the hits of all searches: an upper bound, because accepted values are skipped."""
    patterns = [assignment_patterns.ANCHORS, contexts.ANCHORS, manifests.ANCHORS, personal.ANCHORS]
    patterns.append(
        "|".join(sorted({a for rule in shipped().tokens for a in rule.anchors})).encode()
    )
    return sum(sum(1 for _ in scanner(pattern, "re2").finditer(data)) for pattern in patterns)


def test_every_count_in_a_pattern_has_a_cap() -> None:
    """The check of a hit reads a bounded range: a token's body always has a maximum length."""
    for rule in shipped().tokens:
        plain = rule.body.replace("\\+", "").replace("\\*", "")
        while "[" in plain:
            start = plain.index("[")
            plain = plain[:start] + plain[plain.index("]", start) + 1 :]
        assert "*" not in plain, rule.id
        assert "+" not in plain, rule.id


@pytest.mark.integration
@pytest.mark.parametrize(
    "unit",
    [
        '{"kind":"Secret","data":{',
        '{"kind":"Secret",',
        "kind: Secret\ndata:\n",
        "Signature=",
        "password: |\n ",
        "cookie: a=bbbbbb;",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
    ],
)
def test_a_hostile_text_of_80_kb_does_not_hang(unit: str) -> None:
    """Without a limit, retrying took 10 s to minutes; with one it takes well under a second."""
    script = f"""if True:
        import resource
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        from replay_assets.sanitizing import sanitize_text
        sanitize_text(({unit!r} * 80_000)[:80_000])
    """
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
