"""Every message of an investigation passes the sending gate, also what tools answered."""

import json
from pathlib import Path

from replay_assets.contracts.vocabulary import Vocabulary
from tests.replay.agent.conftest import investigate
from tests.replay.agent.paths import PathEndpoint


def test_a_tool_answer_with_personal_data_is_never_sent(
    endpoint: tuple[str, PathEndpoint], vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """A recording that was not sanitized stops the investigation before its next inference."""
    base_url, playing = endpoint
    recorded = {"incident_id": "one_call.leak", "name": "get_logs", "content": "mei@example.com"}
    recordings = json.dumps({**recorded, "arguments": {"pod": "web-0"}}).encode()
    run = investigate(base_url, vocabulary, tmp_path, "one_call.leak", recordings=recordings)
    (result,) = run.read_results()
    assert result.outcome == "gate_refused"
    assert (result.tool_calls, result.tool_misses) == (1, 0)
    assert len(playing.bodies["one_call.leak"]) == 1
    assert not run.report.valid
