"""Why an endpoint rejects a request: what its status and words say of account, model and request.

A rejection that every request of the run would get ends the run, and is never an answer of the
model. The table below has the words of many providers; the first row that matches counts.
"""

import re
from typing import Literal

from replay_assets.inference.chat.error_text import ErrorText

RejectionKind = Literal[
    "account",
    "key",
    "region",
    "proxy",
    "path",
    "model",
    "parameter",
    "moderated",
    "request",
    "forbidden",
    "unexplained",
]
"""`moderated`, `request`: about this request only. `forbidden`, `unexplained`: the response does
not say whether it is about this request. All others: every request of the run would get it."""
OF_ONE_REQUEST: tuple[RejectionKind, ...] = ("moderated", "request", "forbidden", "unexplained")

_ROWS: tuple[tuple[RejectionKind, str], ...] = (
    (
        "account",
        r"""insufficient[ _](?:account[ _])?(?:balance|quota|credit|fund|user[ _]?quota)
        | not[ _]enough[ _](?:balance|credit|fund) | balance\ (?:is\ )?(?:insufficient|too\ low)
        | exceed(?:ed|s)[ _](?:(?:your|the)[ _])?(?:current|monthly)[ _](?:quota|budget)
        | quota\ is\ not\ enough | quota.{0,40}\bmonth
        | quota\ (?:is|has\ been)\ exhausted
        | (?:daily|weekly|monthly)[ _](?:\w+[ _])?(?:limit|quota|cap|allocation)\b
        | (?:\bper[ _-]|/\ ?)(?:day|month)\b | rate[ _]limit[ _](?:daily|monthly)
        | (?:hour|week|month|free)\ allocated\ quota
        | out\ of\ call\ volume\ quota | monthly\ limit\ exhausted | set\ inference\ limit
        | exhausted\ its\ [\w\ ]{0,20}quota | token_quota_reached
        | usage[ _]limit | spend(?:ing)?[ _](?:limit|cap) | hard[ _]limit | key\ limit\ exceeded
        | budget[ _](?:has[ _]been[ _])?(?:exceed|exhaust) | (?:exceed\w*|over|max)[ _]?budget
        | credit\ balance | (?:out\ of|no|more|any|included|available)\ credits
        | credits?[ _](?:limit|(?:have[ _])?(?:expired|exhausted|run\ out))
        | billing | arrear | overdue | in\ good\ \w+ing | payment[ _](?:required|method)
        | valid\ credit\ card
        | failure\ to\ pay | unpaid | please\ (?:recharge|top[ -]?up)
        | free[ _-]?tier.{0,60}(?:exhausted|expired|only)
        | (?:subscription|plan|trial)\ (?:has\ |is\ )?(?:expired|ended)
        | (?:account|organi[sz]ation).{0,60}
            (?:suspend|deactivat|disabled|restricted|locked|terminated|not\ active|flagged)
        | 余额不[足够] | 欠费 | 充值 | 额度(?:不足|已用尽|用完)""",
    ),
    (
        "key",
        r"""(?:invalid|incorrect|expired|wrong|missing|no|unknown|revoked)[ _]api[ _-]?key
        | api[ _-]?key.{0,40}
            (?:not\ valid|invalid|expired|not\ found|incorrect|revoked|missing|disabled|deleted)
        | invalidapikey | authentication[ _](?:error|fail) | unauthori[sz]ed | unauthenticated
        | invalid[ _](?:auth\w*|access|bearer)[ _]token | authentication[ _]token
        | access\ token\ (?:is\ )?invalid
        | (?:api[ _-]?key|token).{0,40}(?:reported\ as\ leaked|expired)
        | authori[sz]ation\ failed | login\ fail | consumer.{0,60}suspended""",
    ),
    (
        "region",
        r"""unsupported[ _]country
        | (?:country|region|territory|location).{0,60}not\ (?:supported|available|allowed)
        | \bip\ address.{0,40}not\ (?:authori[sz]ed|allowed) | virtual\ network
        | public\ (?:network\ )?access\ is\ disabled""",
    ),
    (
        "moderated",
        r"""content[ _-]?(?:filter|polic|moderation|management|safety|exists[ _]risk|violat)
        | moderat(?:ion|ed) | responsible[ _]?ai | data[ _]?inspection | inappropriate
        | (?:input|prompt|content|request|message|text|output)s?\ (?:(?:was|were|is|has\ been)\ )?
            (?:flagged | blocked\ (?:by|due|because).{0,40}(?:safe|content))
        | prompt\ blocked | sensitive[ _]?(?:content|information|word|text) | contains?\ sensitive
        | put\ new_sensitive | censorship
        | unsafe | harmful | prohibited[ _](?:content|use) | usage\ (?:guideline|polic)
        | high[ _]risk | safety[ _](?:system|filter|polic|check|setting|violation|reason)
        | violat(?:(?!security).){0,40}(?:polic|guideline|terms)
        | guard[ _]?rail(?!.{0,60}(?:not\ found|not\ exist|invalid))
        | deny[ -]?list | invalid_prompt | cyber_policy
        | 敏感 | 不安全 | 违规 | 不适当 | 内容安全""",
    ),
    # The largest value that a model takes, which the candidate exceeds with every request.
    ("parameter", r"maximum\ value\ for | at\ most\ \d+\ completion\ tokens"),
    (
        "request",
        r"""context[ _](?:length|window|size|limit) | maximum\ context | exceed_context
        | \btoo[ _](?:long|(?:many|large)[ _](?:input|prompt)?[ _]?tokens)(?!.{0,20}\bwait\b)
        | tokens\ must\ be\ at\ least\ 1,\ got\ -
        | (?:prompt|input|message|request|body|payload|entity|content)s?\b.{0,40}
            \btoo[ _](?:large|big)
        | reduce\ (?:the|your)\ (?:length|prompt|input|size) | tokens_limit_reached
        | (?:prompt|input|request|message)s?\b.{0,80}
            (?:exceed|longer|must\ (?:be|have)\ (?:<|less|at\ most))
        | (?:input|prompt)[ _]tokens | token[ _]limit | exceed.{0,40}\btokens\b
        | output\ limit\ was\ reached | string_above_max | range\ of\ input\ length
        | 超长 | 过长 | 超出.{0,20}长度""",
    ),
    (
        "model",
        r"""model[ _]not[ _](?:exist|found|available|supported|open|allowed) | modelnotopen
        | (?:invalid|unknown|unsupported|no\ such|not\ a\ valid|deprecated)[ _]model
        | deployment[ _]?not[ _]?found | invalidendpointormodel | model_(?:decommission|permission)
        | \b(?:model|deployment|function)\b.{0,120}
            (?:(?:does\ not|doesn't|not)\ (?:exist|found)
            |not\ (?:found|available|permitted|loaded|enabled|a\ chat|supported\ (?:in|by))
            |isn't\ supported
            |no\ longer|decommission|deprecat|retired|end\ of\ life|is\ invalid)
        | model[ _](?:id|name|identifier)\b.{0,60}invalid
        | model[ ._]access[ ._]?denied | provider\ not\ provided | requires\ terms\ acceptance
        | api\ has\ not\ been\ used
        | access(?:\ to)?(?:\ the|\ this)?\ model | unable\ to\ access | not\ a\ chat\ model
        | does\ not\ (?:support|work\ with).{0,20}\b(?:chat|the\ specified\ model)
        | 模型不存在 | 无权访问 | 模型.{0,20}(?:下线|不可用)""",
    ),
    (
        "parameter",
        r"""unsupported[ _]?(?:parameter|value|argument|field|param)
        | (?:unknown|unrecogni[sz]ed|unexpected|extra)[ _](?:request[ _])?
            (?:parameter|argument|field|name|key|input)s? | invalid[ _](?:api[ _])?parameter
        | extra_forbidden | additional\ propert | only\ the\ default | only\ supports?\ stream
        | not\ support(?:ed)?.{0,20}\bparameter
        | (?:parameter|argument|property|field)\b.{0,80}
            (?:not\ (?:support|permitted|allowed|valid)|unsupported)
        | not\ supported\ (?:with|for|on|by)\ th(?:is|e)\ model | not\ support\ thinking
        | \b(?:temperature|top_[pk]|max(?:_completion|_output|_new)?_tokens|stream(?:_options)?|seed
            |stop|logprobs|(?:presence|frequency|repetition)_?penalty|reasoning_effort|thinking
            |enable_thinking|chat_template_kwargs)\b.{0,80}
            (?:support|permitted|allowed|invalid|\brange\b
            |(?:must|should|can|cannot)\ (?:not\ |both\ )?be
            |too\ (?:large|high|low)|(?:less|greater)\ than)
        | system[ _](?:role|message|prompt|instruction)s?\b.{0,40}not\ (?:supported|allowed|enabled)
        | roles?\ must\ alternate | chat\ template | template\ (?:error|not\ found)
        | 参数.{0,20}(?:错误|有误|不支持)""",
    ),
)
_WORDS = tuple((kind, re.compile(row, re.IGNORECASE | re.VERBOSE)) for kind, row in _ROWS)
_PASSES = re.compile(
    r"(?:retry|again) (?:in|after)\b|retrydelay|per[ _-]?(?:minute|second)"
    r"|(?:requests|tokens) per (?!day|month)|/ ?min|\b[rt]p[ms]\b|try again later"
    # What DashScope says of a limit per minute, under the code `insufficient_quota`.
    r"|^(?:concurrency )?allocated quota exceeded"
    r"|exceeded your current quota.*(?:aliyun|alibabacloud)\.com",
    re.IGNORECASE,
)
"""Words of a limit that passes by itself: waiting is enough."""
_OF_THE_MOMENT = re.compile(
    r"throttl|rate[ _-]?limit|too many requests|overloaded|degraded|(?:please|and) wait\b"
    r"|temporarily|try again later|at capacity|capacity exceeded|still loading|has crashed",
    re.IGNORECASE,
)
"""Words of trouble that passes by itself, which some gateways send under 400 or 403."""
_NEVER_FITS = re.compile(r"request too large for|tokens must be reduced", re.IGNORECASE)
"""Words of a rate limit that is smaller than this one request."""
_NEVER_PASSES = re.compile(r"\blimit: 0\b")
"""Gemini's words for a model that needs a paid account; it says when to retry all the same."""
_FAULT = re.compile(r"time[ds]?[ -]?out|unavailable|unreachable|connect", re.IGNORECASE)
"""Words of a 5xx whose moderation failed, so that nothing was moderated."""
MOVED = (301, 308)
"""Redirects that last. Their address is shown and not asked: the key goes to no other host."""
_OF_STATUS: dict[int, RejectionKind] = {
    **dict.fromkeys(MOVED, "path"),
    401: "key",
    402: "account",
    404: "path",
    407: "proxy",
    410: "model",
    413: "request",
    414: "request",
    431: "request",
    # These four are also what firewalls answer, in the place of the endpoint.
    403: "forbidden",
    405: "forbidden",
    406: "forbidden",
    451: "forbidden",
}
_OF_THE_RUN = (*MOVED, 401, 402, 404, 407, 410)
"""Statuses that no word makes the rejection of one request."""
_OF_AN_INCIDENT = ("messages", "prompt", "input", "input_tokens", "contents")
"""The fields of a request that differ between incidents; all others are those of the candidate."""


def rejection_of(status: int, error: ErrorText) -> RejectionKind | None:
    """Return why a 4xx or a lasting redirect rejects a request; None if it says that it passes."""
    said, of_status = _said(error.words), _OF_STATUS.get(status, "unexplained")
    if status in _OF_THE_RUN:
        return of_status if said is None or said in OF_ONE_REQUEST else said
    if said is not None:
        return said
    if error.field is not None and error.field not in _OF_AN_INCIDENT:
        return "model" if error.field == "model" else "parameter"
    return None if _OF_THE_MOMENT.search(error.words) else of_status


def lasting_rejection_of(status: int, error: ErrorText) -> RejectionKind | None:
    """Return why what looks temporary is a rejection: a 429, a 5xx, an error within a 200.

    Only what is sure to last: the account, moderation, and what an error within a 200 says with a
    code that would have been the status. None if it may pass.
    """
    said = _said(error.words)
    if status == 429 and _NEVER_PASSES.search(error.words):
        return "account"
    if said == "account" or (said == "moderated" and not _is_fault(status, error)):
        return said
    if status == 429 and _NEVER_FITS.search(error.words):
        return "request"
    if status >= 300:
        return None
    if error.is_block_page:
        return "forbidden"
    if said == "key" or "401" in error.codes:
        return "key"
    if "402" in error.codes:
        return "account"
    return said if error.rejects_request else None


def _is_fault(status: int, error: ErrorText) -> bool:
    return status >= 500 and _FAULT.search(error.words) is not None


def _said(words: str) -> RejectionKind | None:
    """Return the first row of the table whose words are in a text."""
    for kind, pattern in _WORDS:
        if pattern.search(words) and not (kind == "account" and _PASSES.search(words)):
            return kind
    return None
