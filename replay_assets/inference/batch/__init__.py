"""Runs many dialogues with one model; each call is stored, so that an interrupted run continues.

A stage writes its questions, and what it makes of the answers, as generators (`dialogue`). This
package runs them with limited concurrency and memory (`dispatch`), reports their progress
(`progress`), and publishes their records in order (`run`). A deployment chooses where calls,
spending and limits are stored (`stores`).

It does not depend on packs, incidents or the answer contract.
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
