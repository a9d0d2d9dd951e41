"""Plants the fifty injections: each in its encoding, in the line around it."""

import base64
import html
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

FILE = Path(__file__).with_name("injections.yaml")
LATER = Path(__file__).with_name("injections_later.yaml")
LOOK_ALIKES = str.maketrans("aeiopcsxy", "аеіорсѕху")
ENCODE: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "percent": quote,
    "unicode_escape": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "html_entities": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "zero_width": "\u200b".join,
    "tag_characters": lambda text: "".join(chr(0xE0000 + ord(one)) for one in text),
    "full_width": lambda text: "".join(
        chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text
    ),
    "spaced": lambda text: "  ".join(" ".join(word) for word in text.split()),
    "homoglyphs": lambda text: text.translate(LOOK_ALIKES),
    "reversed": lambda text: text[::-1],
    "html_comment": lambda text: f"<!-- {html.escape(text)} -->",
}


def injections(file: Path = FILE) -> list[dict[str, Any]]:
    """Return the injections, each with `planted`: the line as it is planted."""
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [
        {**one, "planted": one["line"].format(ENCODE[one["encoding"]](one["text"]))}
        for one in found
    ]
