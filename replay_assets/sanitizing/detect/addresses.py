"""E-mail and IP addresses: plain, escaped, or spelled in a host name; but not version numbers."""

import ipaddress
import re
from functools import lru_cache

from replay_assets.sanitizing.detect.spans import ALNUM, DIGITS, Span

_LOCAL = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._%+-"
_DOMAIN = re.compile(
    rb"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}(?:xn--[A-Za-z0-9-]{2,30}|[A-Za-z]{2,24})"
)
_CJK_CHARACTERS = "\u2e80-\u2fdf\u3040-\u30ff\u3105-\u312f\u3400-\u9fff\uac00-\ud7af"
_CJK = re.compile(f"[{_CJK_CHARACTERS}]")
# Letters and marks of all scripts: no blanks, punctuation or signs of ASCII.
_LETTER = (
    "0-9A-Za-z\u00c0-\u1fff\u2c00-\u2fff\u3040-\ud7ff\uf900-\ufdff\ufe70-\ufefe"
    "\U00010000-\U0010ffff"
)
_LETTERS = re.compile(f"[{_LETTER}._%+-]+")
_AFTER_CJK = re.compile(f"[{_CJK_CHARACTERS}](?=[^{_CJK_CHARACTERS}]+\\Z)")
_LABEL = f"(?:[{_LETTER}]|%[89A-Fa-f][0-9A-Fa-f])(?:[{_LETTER}-]|%[89A-Fa-f][0-9A-Fa-f]){{0,62}}"
_DOMAIN_IN_LETTERS = re.compile(
    rf"(?:{_LABEL}\.){{1,8}}(?:[A-Za-z]{{2,24}}(?![\u00c0-\u1fff])|[^\W\d_a-zA-Z][{_LETTER}]{{0,23}})"
)
_NOT_A_TLD = frozenset(
    b"service timer socket mount target scope slice device path local svc cluster internal json"
    b" yaml yml py js ts go png jpg svg css html md txt log gz zip jar so rb sh lock exe dll conf"
    b" tar cfg tgz md5 sha".split()
)
"""Units, cluster names and files: `getty@tty1.service` is not an e-mail address."""
_QUAD = re.compile(
    rb"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:(?:\.|\[\.\]|%2[Ee])(?:25[0-5]"
    rb"|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}"
)
# Four numbers after one of these are a version, as in Chrome/120.0.0.0.
_PRODUCT_BEFORE = re.compile(
    rb"(?:(?i:chrom(?:e|ium)|safari|edg[ea]?|opr|firefox|version|crios|electron|vivaldi"
    rb"|yabrowser|webkit|headlesschrome|ver|rc|release|build|driver|firmware|sdk|oid|snmp|schema"
    rb"|chart)[/:=\" v-]{1,3}|[vV])\Z"
)
_SUFFIX_OF_VERSION = re.compile(
    rb"-(?:rc|alpha|beta|snapshot|alpine|debian|ubuntu|el[0-9]|r[0-9]|SNAPSHOT|RELEASE|bin)"
    rb"|\.(?:jar|zip|tgz|tar|exe|dll|rpm|deb|Final)"
)
_DASHED = re.compile(
    rb"(?:(?:ip|ec2|host)-)?([0-9]{1,3})-([0-9]{1,3})-([0-9]{1,3})-([0-9]{1,3})(?P<rest>"
    rb"(?:\.[A-Za-z0-9-]{1,63}){0,8})"
)
_V6_BYTES = b"0123456789ABCDEFabcdef:."
_V6 = re.compile(rb"[0-9A-Fa-f:.]{2,60}")
_DOCUMENTATION = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
)
"""Python calls these private; in an incident they represent public addresses."""


def email(data: bytes, at: int) -> Span | None:
    """Return the address around an @ sign, bare or escaped."""
    sign = 1 if data[at] == 0x40 else 6 if data[at] == 0x5C else 3
    low = max(0, at - 64)
    local = data[low:at]
    start = low + len(local.rstrip(_LOCAL))
    local = data[start:at]
    for escape in (b"%22", b"%27", b"%20", b"%3D", b"%3A", b"%2F", b"%3C", b"%2C"):
        if escape in local:
            start += local.rfind(escape) + 3
            local = data[start:at]
    # Punctuation before the address and escapes such as \n are not part of it.
    while local[:1] in (b".", b"-", b"%", b"+") and local:
        start, local = start + 1, local[1:]
    if data[start - 1 : start] == b"\\" and local[:1] in (b"n", b"t", b"r") and len(local) > 1:
        start, local = start + 1, local[1:]
    # Only letters of other scripts need the slower search: most addresses are in ASCII.
    if start and data[start - 1] >= 0x80:
        start = max(low, start - _letters_before(data, low, start, ascii_after=bool(local)))
        local = data[start:at]
    domain = _domain(data, at + sign)
    # git@host addresses a repository, not a person.
    if not local or not domain or local.lower() == b"git":
        return None
    if domain.rsplit(b".", 1)[-1].lower() in _NOT_A_TLD:
        return None
    canonical = (local + b"@" + domain).decode("utf-8", "replace").lower()
    return Span(start, at + sign + len(domain), "EMAIL", "email", True, canonical)


def _letters_before(data: bytes, low: int, start: int, *, ascii_after: bool) -> int:
    """Return how many bytes before an offset are letters of an address in another script."""
    text = data[low:start].decode("utf-8", "ignore")
    run = _LETTERS.match(text[::-1])
    letters = run.group()[::-1] if run else ""
    # Chinese has no blanks, so a Chinese word before a Latin one is the sentence around it.
    cut = _AFTER_CJK.search(letters + ("a" if ascii_after else ""))
    return len((letters[cut.end() :] if cut else letters).encode())


def _domain(data: bytes, begin: int) -> bytes:
    """Return the domain at an offset; empty if there is none."""
    match = _DOMAIN.match(data, begin)
    after = data[match.end() : match.end() + 4] if match else data[begin : begin + 1]
    if match and (after < b"\x80" or _CJK.match(after.decode("utf-8", "ignore"))):
        return match.group()
    around = data[begin : begin + 256]
    if around.isascii() and b"%" not in around:  # most addresses: the slower search finds no more
        return match.group() if match else b""
    further = _DOMAIN_IN_LETTERS.match(around.decode("utf-8", "ignore"))
    return further.group().encode() if further else match.group() if match else b""


def ipv4(data: bytes, at: int) -> Span | None:
    """Return an IPv4 address, unless it is a version number or does not name a host."""
    match = _QUAD.match(data, at)
    if match is None or (at > 0 and data[at - 1] in DIGITS):
        return None
    end = match.end()
    # Five numbers, as in 1.2.3.4.5, are a version.
    if at > 1 and data[at - 1 : at] == b"." and data[at - 2] in DIGITS:
        return None
    if (data[end : end + 1] in (b".",) and data[end + 1 : end + 2].isdigit()) or data[
        end : end + 1
    ].isdigit():
        return None
    if _PRODUCT_BEFORE.search(data, max(0, at - 20), at) or _SUFFIX_OF_VERSION.match(data, end):
        return None
    text = match.group().replace(b"[.]", b".").replace(b"%2E", b".").replace(b"%2e", b".").decode()
    return _address(at, end, text, "ipv4")


def dashed_ip(data: bytes, at: int) -> Span | None:
    """Return a host name that spells an address, as `ip-10-0-3-71.ec2.internal` does."""
    match = _DASHED.match(data, at)
    if match is None or (at > 0 and (data[at - 1] in ALNUM or data[at - 1 : at] == b"-")):
        return None
    # Without a prefix only a known suffix separates it from a date such as 2026-10-11-12.log.
    bare = data[at] in DIGITS
    if bare and not re.search(
        rb"\.pod\b|\.compute|\.internal|\.amazonaws|\.nip\.io|\.sslip", match.group("rest")
    ):
        return None
    octets = [int(octet) for octet in match.groups()[:4]]
    if max(octets) > 255:
        return None
    return _address(at, match.end(), ".".join(map(str, octets)), "ip_hostname")


def ipv6(data: bytes, at: int) -> Span | None:
    """Return an IPv6 address with at least one digit or three groups."""
    low = max(0, at - 40)
    start = low + len(data[low:at].rstrip(_V6_BYTES))
    run = _V6.match(data, start)
    if run is None or (
        start > 0 and (data[start - 1] in ALNUM or data[start - 1 : start] in (b"_", b"-"))
    ):
        return None
    text = run.group().decode().rstrip(".")
    while text.endswith(":") and not text.endswith("::"):
        text = text[:-1]
    end = start + len(text)
    if text.count(":") < 2 or data[end : end + 1].isalpha() or data[end : end + 1] == b"_":
        return None
    groups = [group for group in text.split(":") if group]
    # "a::b" and "std::string" are names in code.
    if "::" in text and len(groups) < 3 and not any(character.isdigit() for character in text):
        return None
    if (
        "::" in text
        and len(groups) < 2
        and not text.startswith("::")
        and text[:2].lower() not in ("fe", "fd", "fc", "20", "2a", "26")
    ):
        return None
    return _address(start, end, text, "ipv6")


def _address(start: int, end: int, text: str, rule: str) -> Span | None:
    category, canonical = _classified(text)
    return Span(start, end, category, rule, False, canonical) if category else None


@lru_cache(maxsize=4096)
def _classified(text: str) -> tuple[str, str]:
    """Return an address's category and canonical spelling; no category if it names no host."""
    try:
        address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(text)
    except ValueError:
        return "", text
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        # The same host, so it must get the same placeholder.
        address = address.ipv4_mapped
    canonical = str(address)
    if address.is_loopback or address.is_unspecified or canonical.startswith(("255.", "0.")):
        return "", canonical
    documentation = any(address in network for network in _DOCUMENTATION)
    return "IP_PRIV" if address.is_private and not documentation else "IP_PUB", canonical
