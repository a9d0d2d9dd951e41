"""What sanitizing finds, spares and costs, compared with the rules one by one with stdlib `re`.

    REPLAY_REAL_DATA=DIR python -m tests.benchmarks.sanitize

DIR/sanitize is the labelled corpus; without it only speed is printed, on text made here: logs of
64 KB in which 2 % of the bytes are made-up secrets and personal data. Ratios count, not the rates:
both ways take turns on the same texts in one process, on CPU time.
"""

import json
import os
import random
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from replay_assets.inference.chat.sending_gate import SendingGate
from replay_assets.sanitizing import sanitize_text
from replay_assets.sanitizing.detect.assignment_patterns import ANCHORS as NAMES
from replay_assets.sanitizing.detect.checks import CHECKS
from replay_assets.sanitizing.detect.contexts import ANCHORS as CONTEXTS
from replay_assets.sanitizing.detect.manifests import ANCHORS as MANIFESTS
from replay_assets.sanitizing.detect.personal import ANCHORS as PERSONAL
from replay_assets.sanitizing.detect.rules import shipped
from tests.sanitizing.corpus import figures, load_corpus

DOCUMENT_BYTES = 64 * 1024
SECRET_SHARE = 0.02
GATE_BYTES = 4096
ASKED_SPEEDUP = 10
ASKED_GATE_MS = 0.1


def main() -> None:
    """Print accuracy on the corpus, then speed against the loop, then the gate's cost."""
    folder = Path(os.environ.get("REPLAY_REAL_DATA") or "/nonexistent") / "sanitize"
    if folder.is_dir():
        for name, value, floor in figures(*load_corpus(folder)):
            print(f"{name:<34}{value:8.2%}   asked {floor}")
    documents = [document(seed) for seed in range(4)]
    share = statistics.mean(planted for _, planted in documents)
    texts = [text for text, _ in documents]
    size = sum(len(text.encode()) for text in texts)
    loop = one_after_another()
    for text in texts:
        sanitize_text(text)
    ours, theirs = [], []
    for _ in range(3):
        ours.append(cpu_seconds(lambda: [sanitize_text(text) for text in texts]))
        theirs.append(cpu_seconds(lambda: [loop(text) for text in texts]))
    fast, slow = min(ours), min(theirs)
    print(f"{len(texts)} documents of 64 KB, {share:.1%} of the bytes planted")
    print(f"sanitize_text                     {size / fast / 1e6:8.2f} MB/s")
    print(f"same rules, one by one, with re   {size / slow / 1e6:8.2f} MB/s")
    print(f"speed-up                          {slow / fast:8.1f} x   asked {ASKED_SPEEDUP}")
    print(f"gate on a body of 4 KB            {gate_ms():8.3f} ms  asked {ASKED_GATE_MS}")


def one_after_another() -> Callable[[str], int]:
    """The baseline: each rule's own pattern over the whole text, then its check at each match.

    A token rule is one pattern; names, headers and personal data are one pattern per branch.
    """
    patterns = []
    for rule in shipped().tokens:
        starts = "|".join(re.escape(start) for start in rule.starts)
        pattern = re.compile(f"(?:{rule.before or ''})(?:{starts})({rule.body})".encode())
        patterns.append((pattern, CHECKS[rule.check] if rule.check else bool))
    for anchors in (NAMES, CONTEXTS, MANIFESTS, PERSONAL):
        patterns += [(re.compile(b"(" + one + b")"), bool) for one in branches(anchors)]

    def loop(text: str) -> int:
        data = text.encode()
        return sum(
            check(match.group(1)) for pattern, check in patterns for match in pattern.finditer(data)
        )

    return loop


def branches(pattern: bytes) -> list[bytes]:
    """Split an alternation at its outermost bars."""
    found, depth, start, in_set, position = [], 0, 0, False, 0
    while position < len(pattern):
        byte = pattern[position : position + 1]
        if byte == b"\\":
            position += 1
        elif in_set:
            in_set = byte != b"]"
        elif byte == b"[":
            in_set = True
        elif byte in b"()":
            depth += 1 if byte == b"(" else -1
        elif byte == b"|" and depth == 0:
            found.append(pattern[start:position])
            start = position + 1
        position += 1
    return [*found, pattern[start:]]


LINES = (
    "2026-09-21T02:{m:02d}:{s:02d}.{n:03d}Z INFO  orders-{h}-{p} GET /v1/orders/{n} in {m} ms",
    "ts=2026-09-21T02:{m:02d}:{s:02d}Z level=warn caller=pool.go:{n} duration_ms={n}",
    "Warning  BackOff  {m}m (x{s} over {n}m)  kubelet  Back-off restarting failed container app",
    "trace_id={h}{h}{h}{h} span_id={h}{p} status=503 upstream=payments retry={m} tokens_used={n}",
    "支付服務於 02:{m:02d} 起回傳 503，重新部署後於 02:{s:02d} 恢復，根因為連線池耗盡",
    "\tat com.example.shop.pool.HikariPool.createTimeoutException(HikariPool.java:{n})",
    "checkout-{h}-{p}   0/1   CrashLoopBackOff   {m} (2m31s ago)   {s}m",
)


def document(seed: int) -> tuple[str, float]:
    """Return log text of 64 KB and the share of its bytes that are planted."""
    chance = random.Random(seed)
    tokens = [example for rule in shipped().tokens for example in rule.examples()[:1]]
    forms = (
        lambda: f"connect failed password=FAKE-{chance.randrange(10**8)}",
        lambda: f"upstream 10.{chance.randrange(256)}.{chance.randrange(256)}.7:8080 refused",
        lambda: f"mail to user{chance.randrange(999)}@example.com bounced",
        lambda: f"key {chance.choice(tokens)}{chance.randrange(99)} rejected",
        lambda: f"token {chance.choice(tokens)} expired",
    )
    lines, size, planted = [], 0, 0
    while size < DOCUMENT_BYTES:
        if planted < SECRET_SHARE * size:
            line = chance.choice(forms)()
            planted += len(line.split(" ")[-2].encode()) if " " in line else 0
        else:
            line = chance.choice(LINES).format(
                m=chance.randrange(60),
                s=chance.randrange(60),
                n=chance.randrange(100, 999),
                h=f"{chance.randrange(16**8):08x}",
                p=f"{chance.randrange(36**3):05x}",
            )
        lines.append(line)
        size += len(line.encode()) + 1
    return "\n".join(lines), planted / size


def gate_ms() -> float:
    """Return the milliseconds that a run's gate takes for a request of 4 KB, the best of many.

    Bodies as the client writes them: alike in their system prompt, each with other evidence.
    """
    words = sanitize_text(document(9)[0])[: GATE_BYTES - 200]
    bodies = [
        json.dumps(
            {
                "model": "m",
                "messages": [
                    {"role": "system", "content": "Answer in JSON."},
                    {"role": "user", "content": f"Incident {number}\n{words}"},
                ],
                "max_tokens": 900,
            },
            ensure_ascii=False,
        ).encode()
        for number in range(50)
    ]
    key = "nvapi-" + "FAKE" * 12

    def run() -> None:
        gate = SendingGate(secrets=[key], canaries=["CANARY-1f0a2b3c4d"])
        assert all(gate.findings(body) == [] for body in bodies)

    size = sum(map(len, bodies))
    return min(cpu_seconds(run) for _ in range(20)) * 1000 * GATE_BYTES / size


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds that a piece of work takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main()
