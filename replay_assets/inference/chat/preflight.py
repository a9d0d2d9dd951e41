"""What the gate would block, found before a run begins."""

from replay_assets.candidates import Candidate
from replay_assets.inference.call import Question
from replay_assets.inference.chat.protocol import chat_body
from replay_assets.inference.chat.sending_gate import SendingGate


def findings_of(question: Question, candidate: Candidate, gate: SendingGate) -> list[str]:
    """Return the rules that forbid sending a question; nothing is sent."""
    body, end = chat_body(
        candidate,
        question.messages,
        mode="none" if question.tools else "json_object",
        schema=None,
        tools=question.tools,
    )
    return gate.findings(body, end=end)
