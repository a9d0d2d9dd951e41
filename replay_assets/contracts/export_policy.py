"""What training files contain: flavours, gates and limits, read from a file of the deployment."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from replay_assets.contracts.feedback import LEAST_CONFIDENCE
from replay_assets.contracts.record import Record
from replay_assets.parsing.yaml_files import load_yaml

Share = Annotated[float, Field(ge=0, le=1)]
DEFAULT_FLAVOURS = ("sft.alpaca", "sft.chat", "dpo.trl", "kto.trl")


class ExportPolicy(Record):
    """The settings of exports; a file names only what differs.

    Attributes:
        flavours: the flavours that are written.
        least_confidence: the judge's confidence from which a reward makes a row.
        least_reward: the size of a reward from which it makes a row.
        pair_margin: by how much the better answer of a replay pair must have more of
            `self_healing_score`.
        pair_length_ratio: how many times longer one answer of a pair may be than the other.
        pairs_per_prompt: how many pairs one prompt may have.
        validation_share: the share of clusters that validate.
        same_answer_cap: how many rows of one cluster may teach nearly the same answer; None: no
            limit.
        media_tags: whether `<image>`, `<video>` and `<audio>` in texts are broken or kept.
        tokenizer: a local `tokenizer.json` that counts tokens; None: an estimate.
    """

    VERSION: ClassVar[str] = "export_policy_v1"

    schema_version: str = VERSION
    flavours: tuple[str, ...] = DEFAULT_FLAVOURS
    least_confidence: Share = LEAST_CONFIDENCE
    least_reward: Share = 0.5
    pair_margin: Share = 0.0
    pair_length_ratio: Annotated[float, Field(ge=1)] = 2.0
    pairs_per_prompt: Annotated[int, Field(ge=1)] = 4
    validation_share: Share = 0.1
    same_answer_cap: Annotated[int, Field(ge=1)] | None = 10
    media_tags: Literal["break", "keep"] = "break"
    tokenizer: Path | None = None

    def described(self) -> dict[str, Any]:
        """Return the settings that decide which rows are written, for a manifest."""
        return self.model_dump(mode="json", exclude={"schema_version", "flavours", "tokenizer"})


def load_export_policy(path: Path | None = None) -> ExportPolicy:
    """Return the settings in a file; the defaults if no path is given.

    Raises:
        ConfigurationError: the file is missing, is not YAML or does not have the right form.
    """
    if path is None:
        return ExportPolicy()
    return load_yaml(path, ExportPolicy, what="export settings")
