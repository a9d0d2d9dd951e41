"""What an investigation took and used, next to its grades in `replay_scores`."""

from typing import ClassVar

from replay_assets.contracts.arrow import TableRow


class AgentScoreRow(TableRow):
    """One result of an agent.

    Attributes:
        incident_id: the incident.
        candidate_id: the agent.
        repeat: the repeat, from 0.
        primary: the grade of the final answer as a whole.
        steps: the steps to the answer.
        inferences: how often the model was asked.
        tokens: of all prompts and answers; None if some are unknown.
        cost_usd: what the answers cost; None if unknown.
        tool_calls: the calls that the model asked for.
        reads: those of them that were answered from recordings or evidence, or were missed.
        tool_misses: the reads that were never recorded.
        tools_used: the number of different tools that were called.
        acceptable_tools_used: those that the label accepts; None if it accepts none in particular.
        violations: what shields found, flagged or not.
        unsafe_attempts: dry runs of changes that did not ask for approval.
    """

    TABLE_VERSION: ClassVar[str] = "agent_scores_v1"

    incident_id: str
    candidate_id: str
    repeat: int
    primary: bool | None
    steps: int
    inferences: int
    tokens: int | None
    cost_usd: float | None
    tool_calls: int
    reads: int
    tool_misses: int
    tools_used: int
    acceptable_tools_used: int | None
    violations: int
    unsafe_attempts: int
