"""Rules for flavours whose answers are text: Alpaca, and those for LLaMA-Factory and NeMo."""

from collections.abc import Iterator
from typing import Any

from replay_assets.contracts.export_row import AlpacaMetadata, OriginalMetadata
from replay_assets.finetune.rules import messages
from replay_assets.finetune.rules.problem import Found, exactly, filled_text


def alpaca(record: dict[str, Any]) -> Iterator[Found]:
    """Yield what is wrong with a row of instruction, input, output and metadata."""
    yield from exactly(record, {"instruction", "input", "output", "metadata"}, "alpaca_keys")
    yield from _question(record)
    yield from filled_text(record.get("output"), "output_is_text", "output")
    yield from messages.without_reasoning(record.get("output"), "output")
    metadata = record.get("metadata")
    if not isinstance(metadata, dict):
        yield "metadata_is_an_object", "metadata is not an object"
        return
    form = OriginalMetadata if _is_original(metadata) else AlpacaMetadata
    keys = set(form.model_fields)
    yield from exactly(metadata, keys, "metadata_keys", "metadata: ")


def without_original_metadata(record: dict[str, Any]) -> dict[str, Any]:
    """Return a row without metadata in the original system's form, which has nulls by design."""
    metadata = record.get("metadata")
    if isinstance(metadata, dict) and _is_original(metadata):
        return {name: value for name, value in record.items() if name != "metadata"}
    return record


def dpo_llama_factory(record: dict[str, Any]) -> Iterator[Found]:
    """Yield what is wrong with a pair for LLaMA-Factory."""
    yield from exactly(record, {"instruction", "input", "chosen", "rejected"}, "dpo_keys")
    yield from _question(record)
    yield from pair_of_texts(record)


def kto_llama_factory(record: dict[str, Any]) -> Iterator[Found]:
    """Yield what is wrong with a judged answer for LLaMA-Factory."""
    yield from exactly(record, {"instruction", "input", "output", "kto_tag"}, "kto_keys")
    yield from _question(record)
    yield from filled_text(record.get("output"), "output_is_text", "output")
    if not isinstance(record.get("kto_tag"), bool):
        yield "verdict_is_a_boolean", f"kto_tag is {record.get('kto_tag')!r}, not true or false"


def pair_of_texts(record: dict[str, Any]) -> Iterator[Found]:
    """Yield what is wrong with two answers that are texts."""
    for side in ("chosen", "rejected"):
        yield from filled_text(record.get(side), "answers_are_text", side)
    yield from messages.without_reasoning(record.get("chosen"), "chosen")
    yield from different(record.get("chosen"), record.get("rejected"))


def different(chosen: object, rejected: object) -> Iterator[Found]:
    """Yield a problem if both answers of a pair are the same."""
    if chosen == rejected:
        yield "answers_differ", "chosen and rejected are the same"


def _is_original(metadata: dict[str, Any]) -> bool:
    return "language" not in metadata


def _question(record: dict[str, Any]) -> Iterator[Found]:
    yield from filled_text(record.get("instruction"), "instruction_is_text", "instruction")
    if not isinstance(record.get("input"), str):
        yield "input_is_text", "input is not a text; use an empty one"
