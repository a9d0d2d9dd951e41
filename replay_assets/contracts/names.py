"""How names and words are compared: the same name in another spelling is the same name.

Labels, answers and recorded decisions are written by different people and models, so grading reads
all of them with these functions.
"""

import re
import unicodedata

_DASHES = re.compile("[\u2010-\u2015\u2043\u2212\ufe58]")
_SELECTORS = re.compile("[\u180b-\u180d\ufe00-\ufe0f]")
"""Characters that choose how the one before them looks."""
_QUOTES = dict(zip("`'\"´*‘“«「『", "`'\"´*’”»」』", strict=True))
"""What people and models put around a name, by the opening character."""
_TRUE = frozenset({"true", "yes", "y", "t", "1", "on", "是", "需要"})
_FALSE = frozenset({"false", "no", "n", "f", "0", "off", "否", "不", "不需要"})


def folded(name: str) -> str:
    """Return a name in the form in which names are compared; empty if it is blank.

    NFKC (full-width forms), one kind of dash, no invisible characters, no quotes around it, any
    case, single spaces.
    """
    text = unicodedata.normalize("NFKC", name)
    text = _SELECTORS.sub("", _DASHES.sub("-", text))
    text = "".join(one for one in text if unicodedata.category(one) != "Cf")
    text = " ".join(text.split())
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    # Normalized again, because case folding can leave letters in parts.
    return unicodedata.normalize("NFKC", text.casefold())


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text or an id, folded: `Memory-Exhaustion` and `memory_exhaustion`."""
    return tuple(re.findall(r"[^\W_]+", folded(text)))


def read_boolean(value: object) -> bool | None:
    """Return a recorded yes or no: a boolean, 1 or 0, or a word for them; None if it is neither.

    Not by `bool`, because `bool("false")` is True.
    """
    word = folded(str(value)) if isinstance(value, bool | int | str) else ""
    if word in _TRUE:
        return True
    return False if word in _FALSE else None
