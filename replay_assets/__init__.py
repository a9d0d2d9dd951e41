"""Replay past incidents through candidate models, grade the answers, export what can be trained on.

The package reads along the data: `evidence` (what was collected), `request_packs` (what a model may
see), `replay` (what it answered), `evaluation` (how good that was), `finetune` (what to train on).
`defs` wraps each stage as Dagster assets; `contracts` holds the records that pass between them.
"""

__version__ = "0.1.0"
