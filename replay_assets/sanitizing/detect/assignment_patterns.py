r"""How a secret follows its name: separators, quotes, indexes, lists and changes.

Each of them may be plain, full-width, or escaped for JSON (`\"`, `\u0022`), a URL (`%3D`, `%253D`)
or HTML, and terminal colours may be between them.
"""

import re

from replay_assets.sanitizing.detect import key_names

ANCHORS = (
    r"(?i:pass|pwd|secret|token|cred|key|auth|cookie|sess|salt|licen[sc]e|webhook|psk|crumb"
    r"|[cx]srf|signature|jwt|assertion|dockerc"
    rf"|{'|'.join(sorted(key_names.WORDS['session_names']))}"
    r"|(?:sig|sid|appid|pat|dsn|otp|pin|sas|pw"
    r"|private)[\"'\\]{0,3} {0,3}[=:])"
    rf"|{key_names.CHINESE}"
).encode()
NAME_BYTES = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.-"
NAME_RIGHT = re.compile(rb"[A-Za-z0-9_.-]{0,64}")
ENCODED_LEFT = re.compile(rb"(?:25){0,3}[0-7][0-9A-Fa-f]")
"""The rest of `%5B` or `%2520` before a name; its digits and letters look like a part of it."""
_QUOTE = rb"(?:\\{0,8}[\"'`]|\\{1,4}u002[27]|&quot;|&#3[49];|%(?:25){0,3}2[27])"
_OPEN = (
    rb"(?P<open>'\"|\"'|"
    + _QUOTE
    + rb"|\xe3\x80\x8c|\xe3\x80\x8e|\xe2\x80\x9c|\xe2\x80\x98|\xef\xbc\x82)"
)
_COLOUR = rb"(?:(?:\x1b|\\{1,2}u001[bB]|\\{1,2}x1[bB]|\\{1,2}033|\\{1,2}e)\[[0-9;]{0,12}m){0,3}"
_BLANK = rb"(?:[ \t]|%(?:25){0,3}20|\+(?=[%'\"]))"
_GAP = rb"[ \t]{0,40}(?:(?:" + _BLANK + rb"|\xe3\x80\x80){1,20})?"
_INDEX = rb"(?:[\])]|\[[0-9]{0,4}\]|%(?:25){0,3}5[Bb][0-9]{0,4}%(?:25){0,3}5[Dd]|%(?:25){0,3}5[Dd])"
"""What ends a name in an index: `user[password]`, `servers[0].password[]`, `token%5B%5D`."""
_BREAK = rb"(?:[ \t]{0,8}\r?\n[ \t]{0,40})?"
_SEPARATOR = (
    rb"(?P<sep>=>|:{1,3}=|={1,3}|!={1,2}|->|:(?: ?(?:str|[Ss]tring|Secret|SecretStr))? ?=|:{1,2}"
    rb"|\xef\xbc\x9a|\xef\xbc\x9d"
    rb"|%(?:25){0,3}3[AaDd]|\xe2\x86\x92|\\{1,2}u003[ad])"
)
# Code may put a sign before the quote: b'…', f"…", @"…", $'…', ["…"].
_PREFIX = rb"(?:@|\$(?=')|[bBfFrRuU]{1,2}(?=[\"'])|(?P<list>\[)(?=[\"']))?"
ASSIGNED = re.compile(
    rb"(?P<close>"
    + _QUOTE
    + rb")?(?P<index>"
    + _INDEX
    + rb"{1,3}"
    + _QUOTE
    + rb"?)?(?: [0-9]{1,2}|(?P<id> [Ii][Dd]))?"
    + _COLOUR
    + _GAP
    + _SEPARATOR
    + _COLOUR
    + _GAP
    + rb"(?:!(?:!str|unsafe) )?(?:"
    + _BREAK
    + _PREFIX
    + _OPEN
    + rb")?"
    + _COLOUR
)
PLAINLY_ASSIGNED = re.compile(
    rb"(?P<close>[\"'])?(?P<index>(?!))?(?P<id>(?!))?(?P<sep>[=:]) ?(?P<open>[\"'])?"
    rb"(?=[AC-EG-QTV-Zac-eg-qtv-z0-9])"
)
"""What `ASSIGNED` finds after most names, in a fifth of its time: `=x`, `: x`, `": "x`.

Not before letters that begin a type or a sign of code, as in `: str =` and `=b"…"`.
"""
PAIRED = re.compile(
    rb"(?:"
    + _QUOTE
    + rb")?,?[ \t]{0,8}(?:\r?\n|\\n)?[ \t]{0,40}"
    + _QUOTE
    + rb"?(?i:(?:secret|default|plain|string)?_?value)"
    + _QUOTE
    + rb"?[ \t]{0,8}[:=]>?[ \t]{0,8}"
    + _OPEN
    + rb"?"
)
ARGUMENT = re.compile(_QUOTE + rb"[ \t]{0,8},[ \t\r\n]{0,20}" + _OPEN)
_ARROW = rb"-+>|=+>|\xe2\x86\x92|\xe2\x87\x92|\xe2\x9e\x9c|\xe2\x9f\xb6|\\{1,2}u2192"
_VERB = rb"(?:chang|rotat|updat|switch|modifi|replac)ed|re?set"
STATED = re.compile(
    rb"(?:"
    + _BLANK
    + rb"(?i:for|of|to)"
    + _BLANK
    + rb"[^\r\n\"=]{1,40}?)?(?:"
    + _GAP
    + rb"(?:(?:\xe5\xb7\xb2)?(?:\xe7\x82\xba|\xe4\xb8\xba|\xe6\x98\xaf|\xe8\xa8\xad\xe7\x82\xba"
    rb"|\xe6\x94\xb9\xe7\x82\xba|(?:\xe7\x94\xb1|\xe5\xbe\x9e|\xe4\xbb\x8e)(?=[^\r\n]{1,160}?"
    rb"(?:\xe6\x94\xb9|\xe8\xae\x8a\xe6\x9b\xb4|\xe6\x9b\xb4|\xe8\xae\x8a|\xe6\x8f\x9b))))"
    rb"|(?: (?:is|was|were|has been))?(?: (?:"
    + _VERB
    + rb"))?(?: (?:from|to|with)| (?:"
    + _VERB
    + rb")(?::|(?= [^\s]{1,80} ?(?:"
    + _ARROW
    + rb"))))[ :]"
    rb"| (?:is|was|are|became)(?: now| set to)?[ :]"
    rb"|[ \t](?=([\"'`])[^\"'`\r\n]{1,80}\1 ?(?:"
    + _ARROW
    + rb"))|"
    + _BLANK
    + rb"(?:=|%(?:25)?3[Dd])(?="
    + _GAP
    + _QUOTE
    + rb"))"
    + _GAP
    + rb"(?:\xef\xbc\x9a|: ?)?"
    + _OPEN
    + rb"?"
)
NEXT_CELL = re.compile(rb"[`*]{0,2}(?:[ ]{0,20}\|[ ]{0,20}|[ ]{0,8}\t[ \t]{0,8})" + _OPEN + rb"?")
"""Between two cells of a table: `| name | value |`, or a tab."""
SPACED = re.compile(_BLANK + rb"{1,8}" + _OPEN + rb"?")
IN_BRACKETS = re.compile(
    rb"[ \t]{0,4}(?:(?P<open>\xe3\x80\x8c|\xe3\x80\x8e|\xe2\x80\x9c)|[(]|\xef\xbc\x88)"
)
"""After a Chinese name, which needs no blank: 密碼「…」, 密碼（…）."""
TAGGED = re.compile(rb"[\"']?(?:[ \t][^<>\r\n]{0,80})?>[ \t]{0,8}(?P<open>)")
PART = re.compile(
    rb"\]?\\?[\"'](?:;[^\r\n]{0,100})?(?P<line>\r?\n|\\r\\n|\\n)"
    rb"(?:[A-Za-z-]{1,30}: ?[^\r\n\\]{0,80}(?P=line)){0,3}(?P=line)"
)
"""Between the name of a field and its value in a multipart form."""
PART_BEFORE = re.compile(rb"(?:name|key|id)=\\?[\"'][^\"'\r\n]{0,60}\Z")
# As in .netrc, where blanks are the only separators: login alice password …
LOGIN_BEFORE = re.compile(
    rb"(?i:login|user|username|account)[ \t\r\n]{1,40}[^ \t\r\n]{1,80}[ \t\r\n]{1,40}\Z"
)
USERINFO_BEFORE = (b"://", b":\\/\\/", b"%2F%2F", b"%2f%2f")
"""Before the user of a URL: what follows such a name is read as the URL's password."""
NESTED = re.compile(
    rb"(?:[ \t\r\n]{0,8}[{(])?[ \t\r\n]{0,40}"
    + _QUOTE
    + rb"?(?:old|from|before|previous|new|to|after|current)(?:[_ -]?[Vv]alue)?"
    + _QUOTE
    + rb"?[ \t]{0,8}[:=]>?[ \t]{0,8}"
    + _OPEN
    + rb"?"
)
"""The first value of a change that is written as an object: `{"old": "…", "new": "…"}`."""
NEXT_KEY = re.compile(
    rb"(?:,|[ \t]{1,4})[ \t\r\n]{0,40}"
    + _QUOTE
    + rb"?(?:new|to|after|current|now)(?:[_ -]?[Vv]alue)?"
    + _QUOTE
    + rb"?[ \t]{0,8}[:=]>?[ \t]{0,8}"
    + _OPEN
    + rb"?"
)
"""Between two values of such an object."""
CHANGED = re.compile(
    rb"(?:[ \t]{0,8}(?:"
    + _ARROW
    + rb"|\|\||\?\?)|[ \t]{1,2}to(?=[ \t]"
    + _QUOTE
    + rb"))[ \t]{0,8}"
    + _OPEN
    + rb"?"
)
"""Between two values of a change: `"…" -> "…"`."""
CHANGED_IN_WORDS = re.compile(
    rb"(?:[ \t]{0,8}(?:"
    + _ARROW
    + rb")|(?:,| and)?(?: is)? (?:to|now|into)(?: is| be)?[ :]"
    + rb"|[ \t]{0,4}(?:\xe6\x94\xb9\xe7\x82\xba|\xe6\x94\xb9\xe6\x88\x90|\xe6\x94\xb9\xe4\xb8\xba"
    rb"|\xe8\xae\x8a\xe6\x9b\xb4\xe7\x82\xba|\xe6\x9b\xb4\xe6\x94\xb9\xe7\x82\xba"
    rb"|\xe6\x9b\xb4\xe6\x96\xb0\xe7\x82\xba|\xe8\xae\x8a\xe7\x82\xba|\xe6\x8f\x9b\xe6\x88\x90))"
    rb"[ \t]{0,8}" + _OPEN + rb"?"
)
"""The same in a sentence: `from … to …`, in Chinese too."""
NEXT_ITEM = re.compile(rb"[ \t]{0,4},[ \t]{0,8}" + _OPEN + rb"?")
"""Between two values of a list."""
NEXT_WORD = re.compile(rb"[,;]?[ \t]{1,4}[a-z(]{2}(?![A-Za-z0-9_.-]{0,40}=)")
NO_VALUE = re.compile(rb"-{1,2}(?:[A-Za-z][A-Za-z0-9_-]{0,60}(?:=[^\s]*)?)?(?:[\s\"',\]]|\Z)|\\|\Z")
"""What follows a flag without a value: the next flag, the end of the line."""
PASSWORD = re.compile(
    r"(?i)(?:password|passwd|passphrase|requirepass|masterauth|pwd|(?<![a-z])pass)$"
)
IN_WORDS = re.compile(rb"\([a-z][a-z ]{0,40}\)")
"""What is written for a value that is not shown: `(sensitive value)`."""
ENVIRONMENT_BEFORE = re.compile(rb"(?i:(?:get|set|put)_?(?:env|property)|environ\.get)\([\"']\Z")
"""Before a name whose second argument is a default or a value: `os.getenv("DB_PASSWORD", "…")`."""
KEY_BEFORE = re.compile(
    rb"(?i:integration|routing|service|api|access|secret|license|encryption|signing) key\Z"
)
"""Names of two words that a sentence writes without a sign before the value."""
VARIABLE_FLAG = re.compile(rb"(?:-e|--env|--build-arg|--from-literal|-D|-P)(?:[ =]|[\"'],[ ]?)\Z")
SPACED_SIGN = re.compile(rb" :?= ")
IDENTIFIER = re.compile(rb"[A-Za-z_]{2,40}")
DATE = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,4}\Z")
