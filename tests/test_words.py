"""The word list of CONTRIBUTING.md: texts of the package and its documents use plain English."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

TESTS = Path(__file__).parent
ROOT = TESTS.parent
FILES = (
    *sorted((ROOT / "replay_assets").rglob("*.py")),
    *sorted(set(TESTS.rglob("*.py")) - {Path(__file__)}),
    *sorted((ROOT / "replay_assets").rglob("*.j2")),
    *sorted((ROOT / "replay_assets").rglob("*.yaml")),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "data" / "samples" / "README.md",
    *sorted((ROOT / "data" / "samples").glob("*.py")),
    ROOT / "workspace.yaml",
    ROOT / "pyproject.toml",
    ROOT / ".ci" / "run",
)
HEADING = "## Plain English"
PROMPTS = ("replay_assets/request_packs/prompts.py", "replay_assets/replay/prompts.py")
"""Texts for a model stay as they are, byte for byte: another word would change answers."""

REPORT_WORDS = "replay_assets/evaluation/report/words/en.yaml"
"""Of this YAML file, the values are texts for readers too; of others they are patterns or names."""

Text = tuple[int, str]
"""The line on which a text begins, and the text."""


def word_list() -> list[re.Pattern[str]]:
    """Return the patterns in the first column of the table in CONTRIBUTING.md."""
    section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split(HEADING)[1]
    rows = [line for line in section.split("\n## ")[0].splitlines() if line.startswith("| ")]
    cells = [re.split(r"(?<!\\)\|", row)[1] for row in rows[1:]]
    found = [one.replace(r"\|", "|") for cell in cells for one in re.findall("`([^`]+)`", cell)]
    return [re.compile(one, re.IGNORECASE) for one in found]


def python_texts(source: str) -> Iterator[Text]:
    """Yield the strings, docstrings and comments of a module.

    Parts of one string are joined, and comments on lines one below another.
    """
    nodes = list(ast.walk(ast.parse(source)))
    formatted = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in formatted for part in node.values}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            texts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
            yield node.lineno, "".join(map(str, texts))
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts
        ):
            yield node.lineno, node.value
    lines: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if lines and token.start != (lines[-1].start[0] + 1, lines[-1].start[1]):
                yield lines[0].start[0], " ".join(line.string.lstrip("#") for line in lines)
                lines = []
            lines.append(token)
    if lines:
        yield lines[0].start[0], " ".join(line.string.lstrip("#") for line in lines)


def explanations(source: str) -> Iterator[Text]:
    """Yield the docstrings and comments of a test module: its strings are data, which may vary."""
    for text in re.finditer(
        r'^[ \t]*r?"""[\s\S]*?"""|(?:^[ \t]*#.*\n?)+|  #.*', source, re.MULTILINE
    ):
        yield source[: text.start()].count("\n") + 1, re.sub(r"\s*#", " ", text.group())


def yaml_texts(source: str) -> Iterator[Text]:
    """Yield the comments of a YAML file; those on lines one below another are joined."""
    scalars = [
        range(token.start_mark.index, token.end_mark.index)
        for token in yaml.scan(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if isinstance(token, yaml.ScalarToken)
    ]
    for block in re.finditer(r"(?:^[ \t]*#.*\n?)+|[ \t]#.*", source, re.MULTILINE):
        if not any(block.start() in scalar or block.end() - 1 in scalar for scalar in scalars):
            text = re.sub(r"^\s*#", "", block.group(), flags=re.MULTILINE)
            yield source[: block.start()].count("\n") + 1, text


def document_texts(source: str) -> Iterator[Text]:
    """Yield the paragraphs of a Markdown document, without the word list itself."""
    before, heading, after = source.partition(HEADING)
    table, rest = after.split("\n## ", 1) if "\n## " in after else (after, "")
    kept = [line if not line.startswith("| ") else "" for line in table.splitlines()]
    text = before + heading + "\n".join(kept) + "\n## " + rest
    for paragraph in re.finditer(r"(?:.+\n)+", text + "\n"):
        yield text[: paragraph.start()].count("\n") + 1, paragraph.group()


def hits(texts: Iterator[Text], words: list[re.Pattern[str]]) -> Iterator[str]:
    """Yield the line and the surroundings of each word that is on the list."""
    for line, text in texts:
        flat = " ".join(text.split())
        for word in words:
            for match in word.finditer(flat):
                near = flat[max(0, match.start() - 30) : match.end() + 30]
                yield f"{line}: {match.group()!r} in …{near}…"


def texts_of(path: Path) -> Iterator[Text]:
    """Yield the texts of a module, a YAML file or a document."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return explanations(source) if path.is_relative_to(TESTS) else python_texts(source)
    if path.suffix == ".yaml" and path != ROOT / REPORT_WORDS:
        return yaml_texts(source)
    return document_texts(source)


def test_texts_use_plain_english() -> None:
    """Messages, docstrings and comments of the package, its templates and documents."""
    words = word_list()
    names = {str(path.relative_to(ROOT)): path for path in FILES}
    found = [
        f"{name}:{hit}"
        for name, path in names.items()
        if not name.startswith(PROMPTS)
        for hit in hits(texts_of(path), words)
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ('raise ValueError(\n    f"{port} is "\n    "no port"\n)', "is no"),
        ('"""A port that is\n\nno port."""', "is no"),
        ("x = 1  # 5 requests a minute", "requests a minute"),
        ("# A port that is\n# no port.\nx = 1", "is no"),
        ('LIMIT = 1\n"""Null where nobody set one."""', "nobody"),
    ],
    ids=["message in parts", "docstring over lines", "comment", "comment over lines", "attribute"],
)
def test_the_search_finds_words_in_every_kind_of_text(code: str, word: str) -> None:
    """The rule above could not fail if it found nothing anywhere."""
    assert [hit for hit in hits(python_texts(code), word_list()) if repr(word) in hit]
    is_message = code.startswith("raise")
    found = [hit for hit in hits(explanations(code), word_list()) if repr(word) in hit]
    assert bool(found) != is_message


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# A port that is\n# no port.\nkey: 1\n", ["is no"]),
        ("key:\n  - 1 # what is no port\n", ["is no"]),
        ("key: 'a # that is no port'\n", []),
        ("key: |\n  # it is no port\n  text\n", []),
    ],
    ids=["over lines", "behind a value", "within a value", "within a block"],
)
def test_the_search_finds_words_in_comments_of_yaml(text: str, found: list[str]) -> None:
    """Values are no comments: they may be patterns of what others write."""
    words = [hit.split("'")[1] for hit in hits(yaml_texts(text), word_list())]
    assert words == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("expected one file a table", True),
        ("two queries a row, or one a column", True),
        ("yield one line a reason", True),
        ("which rows a model learns from, how many requests a member received", False),
        ("one request per row", False),
    ],
)
def test_the_search_finds_a_rate_without_per(text: str, found: bool) -> None:
    """`one X a Y` reads like a mistake to many; `one X per Y` is what the field writes."""
    assert bool(list(hits(iter([(1, text)]), word_list()))) == found


def test_every_exempt_file_exists() -> None:
    """Otherwise a forgotten entry could exempt a new file of that name."""
    assert [name for name in (*PROMPTS, REPORT_WORDS) if not (ROOT / name).exists()] == []
