"""A candidate's single answers and its investigations of the same incidents, next to each other."""

from replay_assets.contracts.record import Part


class AgentSide(Part):
    """The figures of one side in the incidents that both answered.

    Attributes:
        candidate_id: the candidate, or its agent.
        right: incidents that it handled right.
        tokens: the median of tokens per incident; None if they are unknown.
        cost_usd: the cost per incident; None if unknown.
    """

    candidate_id: str
    right: int
    tokens: float | None
    cost_usd: float | None


class AgentComparison(Part):
    """A candidate and its agent, paired by incident, and what the investigations took.

    Attributes:
        single: the candidate's single answers.
        agent: its investigations.
        pairs: the incidents in which both were graded.
        only_single_right: those that only the single answer handled right.
        only_agent_right: those that only the investigation handled right.
        mid_p: the two-sided mid-p McNemar test; None without a pair.
        investigations: all investigations of the days that count.
        steps: the median of steps to the answer.
        tool_calls: the calls that the model asked for.
        reads: those of them that read something.
        tool_misses: the reads that were never recorded.
        misses_by_tool: the same by tool.
        with_acceptable_tools: investigations whose label names tools.
        used_acceptable_tool: those of them that called one of these tools.
        violations: what shields found, flagged or not.
        unsafe_attempts: dry runs of changes that did not ask for approval.
    """

    single: AgentSide
    agent: AgentSide
    pairs: int
    only_single_right: int
    only_agent_right: int
    mid_p: float | None
    investigations: int
    steps: float | None
    tool_calls: int
    reads: int
    tool_misses: int
    misses_by_tool: dict[str, int]
    with_acceptable_tools: int
    used_acceptable_tool: int
    violations: int
    unsafe_attempts: int

    @property
    def answered_share(self) -> float | None:
        """The share of reads that were answered; None without a read."""
        return None if not self.reads else 1 - self.tool_misses / self.reads
