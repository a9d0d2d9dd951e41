"""What becomes of each reply of `endpoint_replies.yaml`, which the documentation shows too."""

import pytest

from replay_assets.contracts.vocabulary import Vocabulary
from tests.inference.chat.endpoint_replies import EndpointReply, ended, endpoint_replies
from tests.inference.chat.update_replies import DOCUMENT, document

REPLIES = endpoint_replies()


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("row", REPLIES, ids=[row.id for row in REPLIES])
def test_what_becomes_of_a_reply(row: EndpointReply, vocabulary: Vocabulary) -> None:
    """Only a retry asks again, and only an answer is graded as one."""
    found = ended(row.reply, vocabulary, stream=row.stream)
    assert (found.becomes, found.outcome) == (row.becomes, row.outcome or found.outcome)
    assert (found.asked > 1) is (row.becomes == "retry")


def test_the_documentation_shows_the_same_rows() -> None:
    """`python -m tests.inference.chat.update_replies` rewrites it."""
    assert DOCUMENT.read_text(encoding="utf-8") == document()
    assert len(REPLIES) >= 60
