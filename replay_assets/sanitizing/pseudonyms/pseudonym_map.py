"""The map of one incident: the placeholder of each value, also where the value is encoded."""

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote

from replay_assets.sanitizing.detect import DIGITS, SECRET, EngineName, Scanner, uncached_scanner

PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]{1,20}_[0-9]{1,6}>")
PLACEHOLDER_BYTES = re.compile(PLACEHOLDER.pattern.encode())
SWEPT_FROM_CHARACTERS = 8
"""Shorter values are not swept: they are too often part of something else."""
LONGEST_WORD = 15
"""Letters of one case are taken for a word up to this length: `Availability`, `CHARACTERISTIC`."""
FEW_FORMS, SHORT_TEXT = 32, 4096
"""Up to here, looking for each spelling takes less time than building a search for all."""
_ESCAPED = re.compile(r"[^ !#-\[\]-~]")
"""Characters that JSON writes as an escape."""
_SAME_IN_A_URL = re.compile(rb"[A-Za-z0-9_.~-]*")
_URL_ESCAPE = re.compile(r"%[0-9A-F]{2}")
_BASE64_RUN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+="


@dataclass(frozen=True)
class Finding:
    """One value of an incident's map, the rule that found it and its placeholder. Never written."""

    category: str
    rule_id: str
    canonical: str
    placeholder: str


class PseudonymMap:
    """Placeholders by category and canonical value, numbered in first-seen order."""

    def __init__(self, engine: EngineName) -> None:
        self._engine = engine
        self._findings: dict[tuple[str, str], Finding] = {}
        self._ordinals: Counter[str] = Counter()
        self._sweeper: _Sweeper | None = None
        self._forms: dict[bytes, tuple[str, bool]] = {}

    def __iter__(self) -> Iterator[Finding]:
        """Yield the findings in the order in which their values were first seen."""
        return iter(self._findings.values())

    def known(self, category: str, canonical: str) -> str | None:
        """Return the placeholder of a value, or None if the value is not in the map."""
        finding = self._findings.get((category, canonical))
        return finding.placeholder if finding else None

    def placeholder(self, category: str, value: str, rule_id: str, canonical: str | None) -> str:
        """Return a value's placeholder; a new value gets the next number."""
        key = (category, canonical if canonical is not None else canonical_form(category, value))
        finding = self._findings.get(key)
        if finding is None:
            self._ordinals[category] += 1
            finding = Finding(category, rule_id, key[1], f"<{category}_{self._ordinals[category]}>")
            self._findings[key] = finding
        for spelling in {value, key[1]}:
            if is_swept(spelling) and spelling.encode("utf-8", "surrogatepass") not in self._forms:
                self._remember(spelling, finding)
        return finding.placeholder

    def _remember(self, value: str, finding: Finding) -> None:
        numeric = finding.category != SECRET
        for form, in_base64 in forms(value):
            self._forms.setdefault(form, (finding.placeholder, in_base64 and not numeric))
        self._sweeper = None

    def sweep(self, text: str) -> str:
        """Replace every value of the map in a text: plain, escaped or in base64."""
        if not self._forms:
            return text
        if self._sweeper is None:
            if len(self._forms) <= FEW_FORMS and len(text) <= SHORT_TEXT:
                data = text.encode("utf-8", "surrogatepass")
                if not any(form in data for form in self._forms):
                    return text
            self._sweeper = _Sweeper(self._forms, self._engine)
        return self._sweeper.sweep(text)


def is_swept(value: str) -> bool:
    """Return whether a value is safe to replace anywhere: eight or more characters, not a word."""
    if len(value) < SWEPT_FROM_CHARACTERS:
        return False
    # A password that is a word would remove that word from all of the evidence.
    is_word = value.isalpha() and value in (value.lower(), value.upper(), value.title())
    return not is_word or len(value) > LONGEST_WORD


def canonical_form(category: str, value: str) -> str:
    """Return the canonical spelling of a value: without escapes, and base64 of text decoded."""
    if category != SECRET:
        return value.lower() if category in ("EMAIL", "HOST") else value
    if "\\" in value:
        with suppress(ValueError):  # a path of Windows, for example, which has no escapes
            value = str(json.loads(f'"{value}"'))
    if "%" in value:
        value = unquote(value)
    # A Kubernetes Secret has in base64 what the environment has as plain text.
    return _decoded(value) or value


def _decoded(value: str) -> str | None:
    """Return the text that a value encodes in base64; None if it is not base64 of text."""
    if len(value) < SWEPT_FROM_CHARACTERS or len(value) % 4 or not value.isascii():
        return None
    try:
        text = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    text = text.rstrip("\n")
    return text if text.isprintable() and len(text) >= 4 else None


def forms(value: str) -> list[tuple[bytes, bool]]:
    """Return the spellings of a value, longest first, each with whether it is base64.

    Plain, escaped for JSON once and twice, for a URL, and in base64 at each of three alignments, so
    that a value is also found if a longer text around it was encoded.
    """
    raw = value.encode("utf-8", "surrogatepass")
    plain = {raw}
    for ascii_only in (True, False) if _ESCAPED.search(value) else ():
        once = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        twice = json.dumps(once, ensure_ascii=ascii_only)[1:-1]
        plain |= {one.encode("utf-8", "surrogatepass") for one in (once, twice)}
    if not _SAME_IN_A_URL.fullmatch(raw):
        with_blanks = quote(raw, safe="")
        spelled = {with_blanks, quote_plus(raw)}  # as a set, because most values give one spelling
        if "%" in with_blanks:
            spelled |= {quote(raw), quote(with_blanks, safe="")}
            spelled |= {_URL_ESCAPE.sub(lambda m: m.group().lower(), one) for one in spelled}
        plain.update(one.encode() for one in spelled)
        plain.add(raw.replace(b"/", b"\\/"))
    encoded = set(_base64_cores(raw))
    encoded |= {core.replace(b"+", b"-").replace(b"/", b"_") for core in encoded}
    both = [(one, False) for one in plain] + [(one, True) for one in encoded - plain]
    return sorted(both, key=lambda form: (-len(form[0]), form))


def _base64_cores(raw: bytes) -> Iterator[bytes]:
    for shift, lost in ((0, 0), (1, 2), (2, 3)):
        whole = base64.b64encode(b"\0" * shift + raw)
        # Characters at both ends also depend on the neighbouring bytes, so they are left out.
        core = whole[lost : (shift + len(raw)) * 8 // 6]
        if len(core) >= SWEPT_FROM_CHARACTERS:
            yield core


class _Sweeper:
    """Searches for the first eight bytes of every spelling, then takes the longest that matches."""

    def __init__(self, known: dict[bytes, tuple[str, bool]], engine: EngineName) -> None:
        self._by_head: dict[bytes, list[tuple[bytes, str, bool]]] = {}
        for form, (placeholder, in_base64) in known.items():
            entry = (form, placeholder, in_base64)
            self._by_head.setdefault(form[:SWEPT_FROM_CHARACTERS], []).append(entry)
        for entries in self._by_head.values():
            entries.sort(key=lambda entry: (-len(entry[0]), entry[0]))
        pattern = b"|".join(re.escape(head) for head in sorted(self._by_head))
        self._scanner: Scanner = uncached_scanner(pattern, engine)

    def sweep(self, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        if self._scanner.search(data) is None:
            return text
        pieces = []
        position = 0
        for match in PLACEHOLDER_BYTES.finditer(data):
            pieces += [self._between(data[position : match.start()]), match.group()]
            position = match.end()
        pieces.append(self._between(data[position:]))
        return b"".join(pieces).decode("utf-8", "surrogatepass")

    def _between(self, data: bytes) -> bytes:
        pieces = []
        done = position = 0
        while (hit := self._scanner.search(data, position)) is not None:
            start = hit.span()[0]
            found = self._at(data, start)
            if found is None:
                position = start + 1
                continue
            form, placeholder, in_base64 = found
            end = start + len(form)
            if in_base64:
                start = done + len(data[done:start].rstrip(_BASE64_RUN))
                end = len(data) - len(data[end:].lstrip(_BASE64_RUN))
            pieces += [data[done:start], placeholder.encode()]
            done = position = end
        return b"".join([*pieces, data[done:]])

    def _at(self, data: bytes, start: int) -> tuple[bytes, str, bool] | None:
        for form, placeholder, in_base64 in self._by_head[
            data[start : start + SWEPT_FROM_CHARACTERS]
        ]:
            if data.startswith(form, start) and not _is_part_of_a_number(
                data, start, start + len(form)
            ):
                return form, placeholder, in_base64
        return None


def _is_part_of_a_number(data: bytes, start: int, end: int) -> bool:
    """Return whether a value that begins or ends with a digit is cut out of a longer number."""
    value = data[start:end]
    if value.strip(b"0123456789.:-+ ()"):
        return False
    before, after = data[start - 1 : start] if start else b"", data[end : end + 1]
    return bool((before and before[0] in DIGITS) or (after and after[0] in DIGITS))


def replaced(data: bytes, parts: Iterable[tuple[int, int, str]]) -> bytes:
    """Return a text with the given ranges replaced; they must be in order."""
    pieces = []
    position = 0
    for start, end, placeholder in parts:
        pieces += [data[position:start], placeholder.encode()]
        position = end
    return b"".join([*pieces, data[position:]])
