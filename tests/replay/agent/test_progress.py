"""The progress of a run: incident, step, tool misses and cost."""

from collections import Counter
from pathlib import Path

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.replay.agent.progress import AgentProgress
from tests.replay.agent.conftest import investigate
from tests.replay.agent.paths import PathEndpoint


def test_progress_names_incident_step_misses_and_cost(
    endpoint: tuple[str, PathEndpoint], vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """Steps are counted when they happen, not again when the records are made."""
    moments: list[AgentProgress] = []
    run = investigate(
        endpoint[0],
        vocabulary,
        tmp_path,
        *("one_call.a", "several_calls_in_one_answer.b"),
        run={"progress": moments.append},
        prices_usd_per_million={"input": 1.0, "output": 10.0},
        limits={"concurrency": 1},
    )
    last = moments[-1]
    assert (last.steps, last.tool_misses) == (run.report.steps, run.report.tool_misses)
    assert last.line() == (
        f"2 of 2 incidents, several_calls_in_one_answer.b step {last.step}, {last.steps} steps, "
        f"4 tool misses, ${run.report.total_cost_usd:.4f}"
    )


def test_each_repeat_of_an_incident_counts_its_steps_from_one(
    endpoint: tuple[str, PathEndpoint], vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """The number is that of the step in its turn, and each repeat has one turn."""
    moments: list[AgentProgress] = []
    run = investigate(
        endpoint[0],
        vocabulary,
        tmp_path,
        "one_call.repeated",
        run={"progress": moments.append},
        repeats=2,
        limits={"concurrency": 1},
    )
    turns = Counter(event.turn_id for event in run.read_events() if event.step_id is not None)
    assert len(turns) == 2
    assert moments[-1].steps == run.report.steps
    assert moments[-1].step * 2 == moments[-1].steps
