"""Incidents made from word lists, in English and Chinese, and changed copies of texts."""

import random
import re
from collections.abc import Callable, Iterator

from replay_assets.finetune.rows import Message, Row


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


PARTS = words(
    "checkout payments orders inventory catalogue search session gateway ledger invoice shipping "
    "returns profile mailer scheduler importer exporter indexer billing quota audit cache broker "
    "replica proxy resolver registry metrics tracer vault coupon wishlist fraud pricing loyalty"
)
KINDS = words("api worker db cron consumer sidecar job primary reader writer")
PLACES = words("tpe-1 khh-2 nrt-1 fra-3 gru-1 waw-2 iad-4 sin-2")
FAULTS = {
    "en": (
        "connection pool exhausted after {n} requests; {m} callers wait longer than {k} s",
        "disk of {b} is {n} % full and grows by {k} GB per hour since the last release",
        "certificate for {b} expired {n} minutes ago, clients report {m} failed handshakes",
        "heap of {a} reached {m} MiB, {k} full collections in a row, pauses of {n} ms",
        "consumer lag on topic {b}-events is {m} messages, partition {k} has no leader",
        "DNS answers for {b} take {n} ms, {k} % of lookups end without an answer",
        "rollout of {a} revision {k} stuck: {n} of {m} replicas are unavailable",
        "lock wait timeout in {b}: transaction {m} holds {n} row locks since {k} minutes",
        "thread dump of {a} shows {n} threads blocked on a monitor of {b}, deadlock of {k}",
        "rate limit of upstream {b} reached: {m} responses 429 in {k} minutes, retries {n}",
    ),
    "zh": (
        "連線池在 {n} 個請求後耗盡，{m} 個呼叫端等待超過 {k} 秒仍未取得連線",
        "{b} 的磁碟使用率達 {n}%，自上次發版後每小時增加 {k} GB，預估 {m} 分鐘後寫滿",
        "{b} 的憑證已於 {n} 分鐘前過期，客戶端回報 {m} 次交握失敗",
        "{a} 堆積記憶體到達 {m} MiB，連續 {k} 次完整回收，每次停頓 {n} 毫秒",
        "主題 {b}-events 的消費延遲為 {m} 筆，分區 {k} 沒有領導者，重平衡 {n} 次",
        "{b} 的名稱解析需時 {n} 毫秒，其中 {k}% 查詢沒有回應，影響 {m} 位使用者",
        "{a} 第 {k} 版滾動更新卡住，{m} 個副本中有 {n} 個無法使用",
        "{b} 發生鎖等待逾時，交易 {m} 已持有 {n} 個列鎖達 {k} 分鐘",
        "{a} 的執行緒傾印顯示 {n} 個執行緒卡在 {b} 的監視器，疑似第 {k} 次死結",
        "上游 {b} 觸發流量限制，{k} 分鐘內收到 {m} 次 429，已重試 {n} 次",
    ),
}
LOGS = (
    "{t} ERROR {a} request {id} to {b} failed after {m} ms: {w} {w}",
    "{t} WARN  {a}-{h}-{s} retry {k}/{n} for {b}, trace={id}",
    "{t} INFO  {b} {w} {w} {w} in {m} ms (span {h})",
    "{t} FATAL {a} {w}: {w} {w} at offset {m}, node {p}-{k}",
    "{t} ERROR {b} upstream reset, {w} {w}, peer {p}, conn #{m}",
)
WORDS = words(
    "flush commit rebalance eviction handshake snapshot compaction throttled quorum fencing epoch "
    "watermark backlog preempted drained cordoned failover checkpoint truncated vacuum reindex "
    "stale orphaned poisoned duplicate unreachable refused saturated degraded promoted demoted "
    "rotated revoked overlapping malformed incomplete premature deferred partial recursive"
)
ACTIONS = {
    "en": (
        "The evidence points at {b}: {w} and {w} began before {a} slowed down. Raise the limit to "
        "{m}, then restart {a} in {p} and watch {k} minutes of {w}.",
        "Roll {a} back to revision {k}, because {w} started with the release; {b} only shows the "
        "effect. Keep {n} replicas until the {w} backlog of {m} is gone.",
        "Free space on {b} by removing {w} files older than {n} days, then let {a} finish its {w}; "
        "if {m} errors remain after {k} minutes, fail over to {p}.",
    ),
    "zh": (
        "根因在 {b}：{w} 與 {w} 早於 {a} 變慢。請先將上限調到 {m}，再於 {p} 重啟 {a}，"
        "並觀察 {k} 分鐘的 {w}。",
        "將 {a} 回復到第 {k} 版，因為 {w} 與發版同時開始，{b} 只是受影響。"
        "在 {m} 筆 {w} 積壓消化前維持 {n} 個副本。",
        "清除 {b} 上超過 {n} 天的 {w} 檔案以釋放空間，讓 {a} 完成 {w}；"
        "若 {k} 分鐘後仍有 {m} 個錯誤，切換到 {p}。",
    ),
}


def incident(seed: int) -> tuple[str, str]:
    """Return the evidence and the answer of one incident, some 2 kB together."""
    chance = random.Random(seed)
    language = "zh" if seed % 2 else "en"
    names = {
        "a": f"{chance.choice(PARTS)}-{chance.choice(KINDS)}",
        "b": f"{chance.choice(PARTS)}-{chance.choice(KINDS)}",
        "p": chance.choice(PLACES),
    }

    facts = [_said(one, names, chance) for one in chance.sample(FAULTS[language], 4)]
    logs = [_said(chance.choice(LOGS), names, chance) for _ in range(13)]
    alert = f"[FIRING] {names['a']}{chance.choice(WORDS).title()} cluster={names['p']}"
    answer = " ".join(_said(one, names, chance) for one in chance.sample(ACTIONS[language], 2))
    return "\n".join([alert, *facts, "$ logs --since=10m", *logs]), answer


def row_of(evidence: str, answer: str, incident_id: str, group: str = "", **fields: object) -> Row:
    """Return the training row of an incident."""
    return Row(
        kind="positive",
        prompt=(
            Message("system", "You are the operations engineer on call. " * 20),
            Message("user", evidence),
        ),
        completion=(Message("assistant", answer),),
        incident_id=incident_id,
        scenario_group=group or incident_id,
        label_source="verified_execution",
        **fields,  # type: ignore[arg-type]
    )


def _said(form: str, names: dict[str, str], chance: random.Random) -> str:
    return "".join(
        piece if index % 2 == 0 else _value(piece, names, chance)
        for index, piece in enumerate(form.replace("}", "{").split("{"))
    )


def _value(name: str, names: dict[str, str], chance: random.Random) -> str:
    if name in names:
        return names[name]
    if name in "nmk":
        return str(chance.randrange(*{"n": (2, 99), "m": (100, 99999), "k": (1, 60)}[name]))
    if name == "t":
        return f"2026-{chance.randrange(9, 13):02}-{chance.randrange(1, 29):02}T{_clock(chance)}Z"
    if name in ("id", "h"):
        return f"{chance.getrandbits(128):032x}"[: 32 if name == "id" else 10]
    return "".join(chance.choices("bcdfghjkl", k=5)) if name == "s" else chance.choice(WORDS)


def _clock(chance: random.Random) -> str:
    hour, minute, second = chance.randrange(24), chance.randrange(60), chance.randrange(60)
    return f"{hour:02}:{minute:02}:{second:02}.{chance.randrange(1000):03}"


def spelled_otherwise(text: str, chance: random.Random) -> str:
    """Return a text with other blanks, cases and widths."""
    spelled = []
    for word in text.split(" "):
        how = chance.randrange(4)
        wide = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in word)
        spelled.append((word.upper(), wide, word.title(), word)[how])
    return chance.choice((" ", "  ", "\u3000", "\n")).join(spelled)


def with_other_ids(text: str, chance: random.Random) -> str:
    """Return a text in which every hex of 8 or more, and every time, is another one."""

    def other(found: re.Match[str]) -> str:
        digits = "0123456789abcdef" if re.search("[a-f]", found[0]) else "0123456789"
        return "".join(
            chance.choice(digits) if one in "0123456789abcdef" else one for one in found[0]
        )

    text = re.sub(r"\b[0-9a-f]{8,}\b", other, text)
    return re.sub(
        r"2026-\d\d-\d\dT[\d:.]+Z",
        lambda _: (
            f"2026-{chance.randrange(1, 9):02}-{chance.randrange(1, 29):02}T{_clock(chance)}Z"
        ),
        text,
    )


def edited(share: float) -> Callable[[str, random.Random], str]:
    """Return a change that replaces, removes or adds this share of the characters."""

    def change(text: str, chance: random.Random) -> str:
        letters = list(text)
        for place in sorted(
            chance.sample(range(len(text)), round(share * len(text))), reverse=True
        ):
            letters[place : place + chance.randrange(2)] = chance.choice("aeiou已無的錯")
        return "".join(letters)

    return change


def with_other_logs(share: float) -> Callable[[str, random.Random], str]:
    """Return a change that replaces this share of the lines of logs by those of other incidents."""

    def change(text: str, chance: random.Random) -> str:
        lines = text.split("\n")
        logs = [number for number, line in enumerate(lines) if line.startswith("2026-")]
        for number in chance.sample(logs, round(share * len(logs))):
            other, _ = incident(chance.randrange(10**9, 2 * 10**9))
            lines[number] = chance.choice(
                [line for line in other.split("\n") if line.startswith("2026-")]
            )
        return "\n".join(lines)

    return change


CHANGES: dict[str, Callable[[str, random.Random], str]] = {
    "exact": lambda text, _: text,
    "spelling": spelled_otherwise,
    "ids": with_other_ids,
    "edits 1 %": edited(0.01),
    "edits 3 %": edited(0.03),
    "edits 5 %": edited(0.05),
    "logs 25 %": with_other_logs(0.25),
    "logs 50 %": with_other_logs(0.50),
}
"""The kinds of near-duplicates, by name."""


def copies(count: int, of: int, change: str) -> Iterator[tuple[int, Row]]:
    """Yield changed copies of some of the first incidents, each with the number of its original.

    Where lines of logs are replaced, the answer is the same; otherwise it is changed too.
    """
    chance = random.Random(f"{change} {count} {of}")
    for number in range(count):
        original = chance.randrange(of)
        evidence, answer = incident(original)
        changed = CHANGES[change](evidence, chance)
        if "logs" not in change:
            answer = CHANGES[change](answer, chance)
        yield original, row_of(changed, answer, f"{change} {number}")


def of_one_template(seed: int) -> tuple[str, str]:
    """Return an incident whose sentences all have the same form and other facts.

    Its facts are another system, other figures, other words of errors; nothing else differs.
    """
    chance = random.Random(seed)
    names = {"a": f"{chance.choice(PARTS)}-{chance.choice(KINDS)}", "p": chance.choice(PLACES)}
    names["b"] = f"{chance.choice(PARTS)}-{chance.choice(KINDS)}"
    alert = f"[FIRING] {names['a']} {chance.choice(WORDS)} cluster={names['p']}"
    evidence = "\n".join([alert, *(_said(form, names, chance) for form in (*FAULTS["en"], *LOGS))])
    return evidence, _said(ACTIONS["en"][0], names, chance)
