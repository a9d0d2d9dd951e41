"""Removes what does not make two texts different: width, case, blanks, and for one stage ids."""

import re
import unicodedata

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_CLOCK = r"[0-2]?\d:[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?"
_ZONE = r"(?:\s?(?:z|utc|gmt)(?![0-9a-z])|\s?[+-][01]\d:?[0-5]\d)?"
_TIME = re.compile(
    rf"""
    (?<![0-9a-z])(?:
        \d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:[t\s,_]*{_CLOCK}{_ZONE})?
      | \d{{4}}年\d{{1,2}}月\d{{1,2}}日
      | (?:\d{{1,2}}[\s/-])?{_MONTH}[\s/-]+\d{{1,4}}(?:[\s/:,]+\d{{4}})?(?:[\s:,]*{_CLOCK}{_ZONE})?
      | [iwef]\d{{4}}\s+{_CLOCK}
      | {_CLOCK}{_ZONE}
      | \d{{1,2}}[時时]\d{{1,2}}分(?:\d{{1,2}}秒)?
    )(?![0-9a-z])
    """,
    re.VERBOSE | re.ASCII,
)
_ID = re.compile(
    r"""
    (?<![0-9a-z])(?<!\d\.)(?:
        [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
      | (?:0x)?[0-9a-f]{8,}
    )(?![0-9a-z])
    """,
    re.VERBOSE | re.ASCII,
)


def folded(text: str) -> str:
    """Return a text in one width and case (NFKC, case-folded), without invisible characters."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text).casefold())


def masked(text: str) -> str:
    """Return a folded text in which UUIDs, hex of 8 or more and times are the same for all.

    Other digits stay: incidents of one template that differ in their figures would become one.
    """
    return _ID.sub("<id>", _TIME.sub("<time>", text))


def joined(text: str) -> str:
    """Return a folded text without blanks: in Chinese, tools add and remove them anywhere."""
    return "".join(text.split())
