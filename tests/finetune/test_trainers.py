"""A real trainer reads the files: TRL trains a tiny random model on every flavour that it takes.

Needs the extra `trainers`; nothing is downloaded.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

from replay_assets.finetune.flavours import flavours_named
from replay_assets.finetune.rows import Message, Row, Tool, ToolCall
from replay_assets.finetune.writing.export import ExportPlan, is_data, write_export
from replay_assets.finetune.writing.lengths import TokenCounter
from replay_assets.lake.files import sha256
from tests.finetune.records import a_row

pytestmark = [
    pytest.mark.trainers,
    pytest.mark.skipif(find_spec("trl") is None, reason="needs the extra trainers"),
    # Of the trainer and its libraries.
    pytest.mark.filterwarnings("ignore"),
]

ROWS = 24
STEPS = 3
WEEKS = ("2026-09-21", "2026-09-28", "2026-10-05")
FLAVOURS = ("sft.alpaca", "sft.chat", "tools.hf", "dpo.trl", "kto.trl")
TOOLS = tuple(
    Tool(name, f"Show {name}.", {"type": "object", "properties": {key: {"type": "string"}}})
    for name, key in (("df", "path"), ("free", "unit"))
)


def rows_of(number: int) -> list[Row]:
    """Return a row of every kind."""
    tool = TOOLS[number % 2]
    call = ToolCall("c1", tool.name, dict.fromkeys(tool.parameters["properties"], "/"))
    calling = (
        Message("user", f"disk {number}?"),
        Message("assistant", "", (call,)),
        Message("tool", f"{number} %", tool_call_id="c1"),
    )
    worse = (Message("assistant", f"Reboot node {number}."),)
    return [
        a_row(number),
        a_row(number, kind="negative", completion=worse),
        a_row(number, kind="pair", rejected=worse),
        a_row(number, tools=TOOLS, prompt=calling, metadata={}),
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports of three weeks, the second of which has no row."""
    path = tmp_path_factory.mktemp("exports")
    for week, size in zip(WEEKS, (ROWS, 0, ROWS // 2), strict=True):
        rows = [(row, "train") for number in range(size) for row in rows_of(number)]
        plan = ExportPlan("export", week, flavours_named(FLAVOURS))
        write_export(UPath(path), iter(rows), plan)  # type: ignore[arg-type]
    return path


def files_of(folder: Path, flavour: str) -> list[str]:
    """Return the files of a flavour, of all weeks."""
    paths = sorted(folder.glob(f"{flavour}.*.jsonl"))
    return [str(path) for path in paths if is_data(path.name)]


def data_set(folder: Path, flavour: str) -> Any:
    """Return the rows of a flavour as a trainer loads them, all weeks together."""
    from datasets import load_dataset

    return load_dataset(
        "json",
        data_files=files_of(folder, flavour),
        split="train",
        cache_dir=str(folder / "cache"),
    )


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Any:
    """A tokenizer of the exports' own texts, with a template that renders calls of tools."""
    import trl
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=512, special_tokens=marks, initial_alphabet=alphabet, show_progress=False
    )
    words.train([path for name in FLAVOURS for path in files_of(folder, name)], trainer)
    made = PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    template = Path(trl.__file__).parent / "chat_templates" / "qwen3_training.jinja"
    made.chat_template = template.read_text(encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def model(folder: Path, tokenizer: Any) -> str:
    """The folder of a random model of two small layers: pairs need a second copy of it."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "head_dim": 8}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    made = Qwen3ForCausalLM(Qwen3Config(vocab_size=len(tokenizer), **size, **heads))
    made.save_pretrained(folder / "model")
    return str(folder / "model")


def settings(folder: Path) -> dict[str, Any]:
    """Return settings that every trainer takes."""
    return {
        "output_dir": str(folder / "out"),
        "max_steps": STEPS,
        "per_device_train_batch_size": 4,
        "max_length": 512,
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "report_to": "none",
        "save_strategy": "no",
        "logging_steps": 1,
        "disable_tqdm": True,
    }


def losses(trainer: Any) -> list[float]:
    """Train, and return the loss of each step."""
    trainer.train()
    return [one["loss"] for one in trainer.state.log_history if "loss" in one]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_all_weeks_load_together_also_with_an_empty_one(folder: Path, flavour: str) -> None:
    """No row is lost, and the types of one week are those of the others."""
    kinds = 2 if flavour == "kto.trl" else 1
    assert len(files_of(folder, flavour)) == 2
    assert len(data_set(folder, flavour)) == kinds * (ROWS + ROWS // 2)


def test_a_local_tokenizer_counts_tokens(folder: Path, tokenizer: Any) -> None:
    """Instead of the estimate; the manifest names it with its checksum."""
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    counter = TokenCounter(folder / "tokenizer.json")
    row = rows_of(1)[0]
    texts = [one.content for one in (*row.prompt, *row.completion)]
    expected = sum(len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts)
    assert counter.tokens(row) == expected
    assert counter.described.sha256 == sha256((folder / "tokenizer.json").read_bytes())


@pytest.mark.parametrize("flavour", ["sft.chat", "tools.hf"])
def test_answers_are_learned(folder: Path, tokenizer: Any, model: str, flavour: str) -> None:
    """SFT, without and with tools; arguments are the row's own, none is added."""
    from trl import SFTConfig, SFTTrainer

    rows = data_set(folder, flavour)
    if flavour == "tools.hf":
        text = tokenizer.apply_chat_template(
            rows[0]["messages"], tools=rows[0]["tools"], tokenize=False
        )
        assert "null" not in text
        assert '"arguments": {"' in text
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(**settings(folder)),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    assert_finite(losses(trainer))


def test_pairs_are_learned(folder: Path, tokenizer: Any, model: str) -> None:
    """DPO starts at the logarithm of 2, if both answers are equally likely."""
    from trl import DPOConfig, DPOTrainer

    trainer = DPOTrainer(
        model=model,
        args=DPOConfig(**settings(folder)),
        train_dataset=data_set(folder, "dpo.trl"),
        processing_class=tokenizer,
    )
    found = losses(trainer)
    assert_finite(found)
    assert found[0] == pytest.approx(0.6931, abs=0.01)


def test_judged_answers_are_learned(folder: Path, tokenizer: Any, model: str) -> None:
    """KTO, with both verdicts."""
    from trl import KTOConfig, KTOTrainer

    trainer = KTOTrainer(
        model=model,
        args=KTOConfig(**settings(folder)),
        train_dataset=data_set(folder, "kto.trl"),
        processing_class=tokenizer,
    )
    assert_finite(losses(trainer))


def assert_finite(found: Sequence[float]) -> None:
    """Check that each step had a loss that is a number above zero."""
    assert len(found) == STEPS
    assert all(0 < one < 20 for one in found)
