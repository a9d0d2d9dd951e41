"""Many dialogues with one model: asked once, kept call by call, continued after an interruption.

What a stage asks, in which order and what it makes of the answers, it says as generators
(`dialogue`). This package runs them with bounded concurrency and memory (`dispatch`), shows how far
they have come (`progress`), and has their records published in order (`run`). Calls, spending and
limits are kept where a deployment says (`stores`).

It knows no pack, no incident and no answer contract.
"""

from replay_assets.inference.batch.dialogue import Dialogue
from replay_assets.inference.batch.progress import BatchProgress, Report
from replay_assets.inference.batch.run import Batch, DialogueChangedError, run_batch
from replay_assets.inference.batch.stores import RunStores

__all__ = [
    "Batch",
    "BatchProgress",
    "Dialogue",
    "DialogueChangedError",
    "Report",
    "RunStores",
    "run_batch",
]
