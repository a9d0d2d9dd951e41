"""The YAML loader: each mistake with line and field; repeated keys, secrets and huge files."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from replay_assets.errors import ConfigurationError
from replay_assets.parsing import yaml_files
from replay_assets.parsing.yaml_files import LARGEST_FILE, Mistake, Secrecy, load_yaml, shipped_yaml

PACKAGE = Path(yaml_files.__file__).parents[1]
SECRET = "FAKE-" + "no-vendors-form"


class Rate(BaseModel):
    """A part with two fields."""

    model_config = ConfigDict(extra="forbid")

    rpm: int = Field(default=1, gt=0)
    since: date | None = None


class Entry(BaseModel):
    """An entry with a part, a choice of parts, and a mapping of parts."""

    model_config = ConfigDict(extra="forbid")

    name: str
    rate: Rate = Rate()
    either: Rate | str = ""
    more: dict[str, Rate | None] = {}
    tags: list[str] = []


def load(folder: Path, text: str | bytes, **options: Any) -> list[Entry]:
    """Load a file of some text."""
    path = folder / "entries.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_yaml(path, list[Entry], what="list of entries", **options)


def refusal(folder: Path, text: str | bytes, **options: Any) -> str:
    """Return the message with which a file is refused."""
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text, **options)
    message = str(caught.value)
    assert message.startswith(f"list of entries {folder / 'entries.yaml'}:")
    return message.partition("entries.yaml:")[2].strip()


def test_a_valid_file_is_read_as_its_type(tmp_path: Path) -> None:
    """Anchors and merges are part of YAML and stay usable."""
    text = "- &one\n  name: a\n  rate: {rpm: 3, since: 2026-09-21}\n- <<: *one\n  name: b\n"
    first, second = load(tmp_path, text)
    assert (first.name, second.name) == ("a", "b")
    assert first.rate == second.rate == Rate(rpm=3, since=date(2026, 9, 21))


def test_an_empty_file_stands_for_what_the_caller_says(tmp_path: Path) -> None:
    """A mapping file without a key maps nothing; a catalogue without an entry is a mistake."""
    assert load(tmp_path, "# nothing yet\n", empty=[]) == []
    assert refusal(tmp_path, "") == "line 1: file: expected a list (found nothing)"


FIELDS = "name, rate, either, more, tags"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- name: 3\n", "line 1: 0.name: expected a text; put it in quotes (found 3)"),
        ("- rate: {}\n", "line 1: 0.name: this field is required"),
        (
            "- name: a\n\n  rate:\n    rpm: 0\n",
            "line 4: 0.rate.rpm: Input should be greater than 0 (found 0)",
        ),
        ("- name: a\n  rate: {rps: 0}\n", "line 2: 0.rate.rps: unknown field; use rpm, since"),
        (
            "- name: a\n  more:\n    x: {rps: 0}\n",
            "line 3: 0.more.x.rps: unknown field; use rpm, since",
        ),
        ("- name: a\n  colour: 1\n", f"line 2: 0.colour: unknown field; use {FIELDS}"),
        ("- a\n", f"line 1: 0: expected a mapping with the fields {FIELDS} (found 'a')"),
        ("- name: a\n  tags: x\n", "line 2: 0.tags: expected a list (found 'x')"),
        ("name: a\n", "line 1: file: expected a list (found a mapping)"),
        (
            "- name: a\n- [1",
            "line 2: not valid YAML: expected ',' or ']', but got '<stream end>'",
        ),
        (
            "- name: a\n  rate: {since: 2026-02-30}",
            "line 2: not valid YAML: day is out of range for month",
        ),
        ("- name: a\x07\n", "not valid YAML: it holds a character that YAML forbids"),
        (
            b"- name: \xff\n",
            "'utf-8' codec can't decode byte 0xff in position 8: invalid start byte; "
            "save it as UTF-8",
        ),
    ],
)
def test_a_mistake_is_named_with_line_field_and_way_out(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    """No one should have to search a file for what is wrong in it."""
    assert refusal(tmp_path, text) == message


def test_a_value_that_fits_none_of_several_types_names_one_place(tmp_path: Path) -> None:
    """Pydantic adds its own names of the types to the place; a reader can't find those."""
    lines = refusal(tmp_path, "- name: a\n  either: {rpm: 0}\n").splitlines()
    assert [line.strip().partition(": ")[2].partition(":")[0] for line in lines] == [
        "0.either.rpm", "0.either",
    ]  # fmt: skip


def test_all_mistakes_are_named_at_once_also_those_that_the_type_cannot_express(
    tmp_path: Path,
) -> None:
    """The second run should be the one that works."""
    assert len(refusal(tmp_path, "- name: 1\n- name: 2\n- x: 3\n").splitlines()) == 4
    text = "- name: a\n- rate: {}\n  name: b\n"
    message = refusal(tmp_path, text, check=lambda entries: [
        Mistake((index, "name"), f"{one.name!r} is taken") for index, one in enumerate(entries)
    ])  # fmt: skip
    assert message == "line 1: 0.name: 'a' is taken\n  line 3: 1.name: 'b' is taken"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- name: a\n  name: b\n", "line 2: 0.name: this key occurs twice; keep one"),
        (
            "- name: a\n  rate:\n    rpm: 1\n    'rpm': 1\n",
            "line 4: 0.rate.rpm: this key occurs twice; keep one",
        ),
        ("- &a {name: a, name: a}\n- *a\n", "line 1: 0.name: this key occurs twice; keep one"),
    ],
)  # fmt: skip
def test_a_key_that_occurs_twice_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """YAML would keep the last one without a message."""
    assert refusal(tmp_path, text) == message


@pytest.mark.parametrize(
    "text",
    [
        "- {}\n", "- name: *{}\n", "- name: !{} x\n", "- name: [{}\n", "- name: a\n  {}\n",
        "- name: [{}]\n", "- {{name: a, key: {}}}\n", "- name: a\n  rate: {}\n", "{}",
        "- name: a\n  tags: {}\n", "- name: a\n  rate: {{rpm: {}}}\n",
        "- &{0} {{name: a}}\n- &{0} {{name: b}}\n",
        "- name: !!int '{}'\n", "- name: !!float '{}'\n", "- name: !!bool '{}'\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("secret", [SECRET, f"{SECRET} with blanks", "x" * 50 + SECRET])
def test_what_may_be_secret_is_not_quoted(tmp_path: Path, text: str, secret: str) -> None:
    """Messages end up in logs and screenshots."""
    secrecy = Secrecy(lambda value: "FAKE" in value, fields=frozenset({"name"}))
    message = refusal(tmp_path, text.format(secret), secrecy=secrecy)
    assert "FAKE" not in message


@pytest.mark.parametrize("text", ["- name: {}\n", "- name: a\n  tags: [{}]\n", "{}"])
def test_a_number_may_be_secret_too(tmp_path: Path, text: str) -> None:
    """Card and phone numbers are typed without quotes, and then YAML reads them as numbers."""
    secrecy = Secrecy(lambda value: "4111" in value, fields=frozenset({"name"}))
    assert "4111" not in refusal(tmp_path, text.format("4111111111111111"), secrecy=secrecy)


@pytest.mark.parametrize(
    "value",
    ["!!timestamp soon", "!!timestamp ''", "!!bool maybe", "!!int ''", "!!int '-'", "!!float ''"],
)
def test_a_value_that_does_not_fit_its_tag_is_refused_with_its_line(
    tmp_path: Path, value: str
) -> None:
    """PyYAML does not check these itself and would fail on them with its own errors."""
    expected = "line 2: not valid YAML: a value does not have the form that its tag asks for"
    assert refusal(tmp_path, f"- name: a\n  rate: {value}\n") == expected


@pytest.mark.parametrize("value", ["010", "-007", "1:30", "190:20:30.15"])
def test_a_number_that_yaml_reads_as_another_one_is_refused(tmp_path: Path, value: str) -> None:
    """A budget of 010 would be 8."""
    assert "line 2: not valid YAML: a number" in refusal(tmp_path, f"- name: a\n  rate: {value}\n")


def test_a_key_that_is_a_list_does_not_hide_a_repeated_key(tmp_path: Path) -> None:
    """Such a key can't be looked up by its value, which is a list."""
    message = refusal(tmp_path, "- ? [a, b]\n  : 1\n  name: a\n  name: b\n")
    assert message == "line 4: 0.name: this key occurs twice; keep one"


@pytest.mark.parametrize(
    "text",
    [
        "- name: a\n  more: {{{}}}\n".format(", ".join(f"k{n}: 1" for n in range(5_000))),
        "- name: a\n  more: {{{}}}\n".format(", ".join(f"k{n // 2}: 1" for n in range(5_000))),
    ],
    ids=["wrong", "repeated"],
)
def test_of_very_many_mistakes_the_first_are_listed(tmp_path: Path, text: str) -> None:
    """A message of a megabyte helps as little as none, and each line of it costs a search."""
    lines = refusal(tmp_path, text).splitlines()
    assert lines[-1].strip() == "and more; correct these first"
    assert len(lines) == 101


def test_without_secrets_a_long_text_is_cut(tmp_path: Path) -> None:
    """It is there to be found in the file, not to be read."""
    message = refusal(tmp_path, f"- name: a\n  rate: {'x' * 500}\n")
    assert "'" + "x" * 40 + "…'" in message
    assert len(message) < 200


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- " * 5000, "is nested too deeply"),
        ("[" * 5000, "is nested too deeply"),
        ("- &a [*a]\n", "line 1: not valid YAML: a value holds itself"),
        ("- &a {<<: *a}\n", "line 1: not valid YAML: a value holds itself"),
        ("#" * LARGEST_FILE + "\n", "is larger than 1,048,576 bytes"),
        (
            "- &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"- &{new} [{', '.join([f'*{old}'] * 9)}]\n"
                for old, new in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "holds over 200,000 values, aliases followed",
        ),
        (
            "- &a {x: 1}\n"
            + "".join(
                f"- &{new} {{<<: [{', '.join([f'*{old}'] * 9)}]}}\n"
                for old, new in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "holds over 200,000 values, aliases followed",
        ),
    ],
    ids=["blocks", "lists", "self", "merged self", "bytes", "aliases", "merges"],
)
def test_a_hostile_file_is_refused_before_it_is_built(
    tmp_path: Path, text: str, message: str
) -> None:
    """Nine lines can represent a billion values."""
    assert message in refusal(tmp_path, text)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """Falling back to another one would hide the mistake."""
    with pytest.raises(ConfigurationError, match=r"gone\.yaml.*name a file that exists"):
        load_yaml(tmp_path / "gone.yaml", list[Entry], what="list of entries")


@pytest.mark.parametrize("name", sorted(str(one) for one in PACKAGE.rglob("*.yaml")))
def test_no_key_occurs_twice_in_what_ships(name: str) -> None:
    """The fast reader of shipped files would keep the last one."""
    assert load_yaml(Path(name), dict[str, Any] | list[Any], what="shipped file")  # type: ignore[arg-type]


def test_shipped_data_is_read_from_its_package() -> None:
    """It comes with the package, so it needs no messages."""
    assert "not_a_name" in shipped_yaml("replay_assets.inference.baselines", "signs.yaml")
