"""Many dialogues with one model: asked once, kept call by call, continued after an interruption.

What a stage asks, in which order and what it makes of the answers, it says as generators
(`dialogue`). This package runs them with bounded concurrency and memory (`dispatch`), shows how far
they have come (`progress`) and has their records published in order (`run`).

It knows no pack, no incident and no answer contract.
"""

from replay_assets.inference.batch.dialogue import Dialogue
from replay_assets.inference.batch.progress import BatchProgress, Report
from replay_assets.inference.batch.run import DialogueChangedError, run_batch

__all__ = ["BatchProgress", "Dialogue", "DialogueChangedError", "Report", "run_batch"]
