"""The word list of CONTRIBUTING.md: texts of the package and its documents use plain English."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = (
    *sorted((ROOT / "replay_assets").rglob("*.py")),
    *sorted((ROOT / "replay_assets").rglob("*.j2")),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "data" / "samples" / "README.md",
    ROOT / "replay_assets" / "candidates" / "candidates.yaml",
    ROOT / "replay_assets" / "instance.yaml",
    ROOT / "workspace.yaml",
    ROOT / "pyproject.toml",
    ROOT / ".ci" / "run",
)
HEADING = "## Plain English"
PROMPTS = ("replay_assets/request_packs/prompts.py", "replay_assets/replay/prompts.py")
"""Texts for a model stay as they are, byte for byte: another word would change answers."""

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
    """Yield the strings, docstrings and comments of a module; parts of one string are joined."""
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
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


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
    """Yield the texts of a module or a document."""
    source = path.read_text(encoding="utf-8")
    return python_texts(source) if path.suffix == ".py" else document_texts(source)


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
        ('LIMIT = 1\n"""Null where nobody set one."""', "nobody"),
    ],
    ids=["message in parts", "docstring over lines", "comment", "attribute"],
)
def test_the_search_finds_words_in_every_kind_of_text(code: str, word: str) -> None:
    """The rule above could not fail if it found nothing anywhere."""
    assert [hit for hit in hits(python_texts(code), word_list()) if repr(word) in hit]


def test_every_exempt_file_exists() -> None:
    """Otherwise a forgotten entry could exempt a new file of that name."""
    assert [name for name in PROMPTS if not (ROOT / name).exists()] == []
