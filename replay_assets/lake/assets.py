"""The list of all assets: name, storage root, and inputs of each.

Also the names of the tables and files in their partitions, and of what the lake keeps next to them.
Stages, Dagster definitions and commands take the names from here, so that a new asset is declared
in one place. Only the names of the label assets are here, no way to read them.
"""

from dataclasses import dataclass, replace
from typing import Literal

from replay_assets.contracts.score import AGENT_SUFFIX
from replay_assets.lake.addresses import Address, Grain

RootName = Literal["evidence", "labels", "lake"]
Setting = Literal[
    "vocabulary", "aliases", "rules", "candidate", "policy", "language", "cases", "tool_mode"
]
"""A setting that affects a partition's content; its digest is recorded as one of the inputs."""


@dataclass(frozen=True)
class Asset:
    """One asset and its inputs.

    A partition is made from the partitions of `inputs` with the same key; a week's partition is
    made from the days of that week, and with `reviews` also from the days before it that the
    candidates' reviews cover. A week also uses the partitions of `optional` that are
    current; a day without them counts all the same. `after` are assets whose partition of the same
    key is made before, if it is made: the report of a week closes reviews, whose incidents are
    not exported until then.
    """

    name: str
    root: RootName = "lake"
    grain: Grain = "date"
    per_candidate: bool = False
    inputs: tuple["Asset", ...] = ()
    settings: tuple[Setting, ...] = ()
    of_agents: "Asset | None" = None
    """The asset that has the partitions of agents (`<id>-agent`), under the id of the model."""
    reviews: bool = False
    optional: tuple["Asset", ...] = ()
    after: tuple["Asset", ...] = ()

    @property
    def table(self) -> str:
        """The main table of a partition, which has the asset's name."""
        return self.name

    @property
    def lists_inputs(self) -> bool:
        """Whether it is made from several candidates' partitions; manifests name each in full."""
        return not self.per_candidate and any(one.per_candidate for one in self.inputs)

    def at(self, key: str = "", candidate: str | None = None) -> Address:
        """Return the address of one partition."""
        asset, found = self.of(candidate)
        return Address(asset.name, key, found if asset.per_candidate else None, asset.grain)

    def of(self, candidate: str | None) -> tuple["Asset", str | None]:
        """Return the asset with a candidate's partitions, and the candidate's id in it."""
        if self.of_agents is None or candidate is None or not candidate.endswith(AGENT_SUFFIX):
            return self, candidate
        return self.of_agents, candidate.removesuffix(AGENT_SUFFIX)


INCIDENT_EVIDENCE = Asset("incident_evidence", root="evidence")
INCIDENT_LABELS = Asset("incident_labels", root="labels")
REQUEST_PACK = Asset("request_pack", inputs=(INCIDENT_EVIDENCE,), settings=("vocabulary", "rules"))
AGENT_REPLAY = Asset(
    "agent_replay", per_candidate=True, inputs=(REQUEST_PACK,), settings=("candidate",)
)
REPLAY_RESULTS = Asset(
    "replay_results",
    per_candidate=True,
    inputs=(REQUEST_PACK,),
    settings=("candidate",),
    of_agents=AGENT_REPLAY,
)
MASKED_LABELS = Asset(
    "masked_labels", root="labels", inputs=(INCIDENT_EVIDENCE, INCIDENT_LABELS), settings=("rules",)
)
REPLAY_SCORES = Asset(
    "replay_scores",
    per_candidate=True,
    # Labels too: scores of releases without masked labels must also become stale if labels change.
    inputs=(REPLAY_RESULTS, INCIDENT_EVIDENCE, INCIDENT_LABELS, MASKED_LABELS),
    settings=("vocabulary", "aliases"),
)
INCUMBENT_SCORES = Asset(
    "incumbent_scores",
    inputs=(INCIDENT_EVIDENCE, INCIDENT_LABELS),
    settings=("vocabulary", "aliases"),
)
EVALUATION_REPORT = Asset(
    "evaluation_report",
    grain="week",
    inputs=(REPLAY_SCORES, INCUMBENT_SCORES),
    settings=("policy", "language"),
    reviews=True,
)
OPERATOR_FEEDBACK = Asset("operator_feedback", root="evidence", inputs=(INCIDENT_EVIDENCE,))
FEEDBACK_REWARDS = Asset(
    "feedback_rewards", inputs=(OPERATOR_FEEDBACK, INCIDENT_EVIDENCE), settings=("rules",)
)
# An export has the answers of the candidates whose scores are current, and what operators said.
_EXPORTED = (INCIDENT_EVIDENCE, INCUMBENT_SCORES, REPLAY_RESULTS, REPLAY_SCORES)
SFT_EXPORT = Asset(
    "sft_export",
    grain="week",
    inputs=_EXPORTED,
    settings=("rules",),
    optional=(FEEDBACK_REWARDS,),
    after=(EVALUATION_REPORT,),
)
PREFERENCE_EXPORT = replace(SFT_EXPORT, name="preference_export")
TOOL_CALLING_RESULTS = Asset(
    "tool_calling_results",
    grain="none",
    per_candidate=True,
    settings=("cases", "candidate", "tool_mode"),
)
TOOL_CALLING_REPORT = Asset("tool_calling_report", grain="none", inputs=(TOOL_CALLING_RESULTS,))

BY_NAME = {
    asset.name: asset
    for asset in (
        INCIDENT_EVIDENCE,
        INCIDENT_LABELS,
        MASKED_LABELS,
        REQUEST_PACK,
        AGENT_REPLAY,
        REPLAY_RESULTS,
        REPLAY_SCORES,
        INCUMBENT_SCORES,
        EVALUATION_REPORT,
        OPERATOR_FEEDBACK,
        FEEDBACK_REWARDS,
        SFT_EXPORT,
        PREFERENCE_EXPORT,
        TOOL_CALLING_RESULTS,
        TOOL_CALLING_REPORT,
    )
}

# Not assets: the first report of a review makes its plan, and a command records a promotion.
REVIEWS = "reviews"
PLAN_FILE = "review.json"
PROMOTIONS = Address("promotions", grain="none")
PROMOTION_FILE = "promotion.json"

MANIFEST_FILE = "manifest.json"
"""Of every partition. That of training files also has the start of its checksum in its name."""
UNFINISHED_FILE = "unfinished.json"
"""Next to the manifest, while files are replaced or removed: it lists them."""
TRAINING_MANIFESTS = "manifest.*.json"
"""The pattern of the names of the manifests of training files."""

# Tables next to the main ones.
RECORDED_MESSAGES = "recorded_messages"
RECORDED_REPAIRS = "recorded_repairs"
QUARANTINE = "quarantine"
AGENT_STEPS = "agent_steps"
AGENT_SCORES = "agent_scores"

# Files of a request pack.
PACK_FILE = "request_pack.jsonl"
TOOL_OUTPUT_FILE = "recorded_tool_output.jsonl"
AUDIT_FILE = "audit.json"

# Files of replay results.
RESULTS_FILE = "replay_results.jsonl"
RUN_REPORT_FILE = "run_report.json"

# Next to these files: the events and the steps of an agent.
EVENTS_FILE = "events.jsonl"
STEPS_FILE = "steps.parquet"

# Files of feedback rewards: what is known about the judge, and figures of the day; and the rewards
# themselves, which are a file where a command judges a file, and a table in the lake.
JUDGE_CARD_FILE = "judge_card.json"
JUDGE_REPORT_FILE = "judge_report.json"
REWARDS_FILE = "rewards.jsonl"

# File of the results of tool-calling cases; their report has the files of an evaluation report.
TOOL_RESULTS_FILE = "tool_calling_results.jsonl"

# Files of an evaluation report: the document, and the same as HTML and as Markdown.
REPORT_FILE = "report.json"
REPORT_HTML_FILE = "report.html"
REPORT_MARKDOWN_FILE = "report.md"

# Next to training files: the incidents that must not be trained on.
RESERVED_FILE = "reserved.jsonl"

# Next to training files: the row for the source's table `finetune_exports`. It is kept here too,
# because the database role may have no right to write that table.
EXPORT_LOG_FILE = "finetune_exports.json"
