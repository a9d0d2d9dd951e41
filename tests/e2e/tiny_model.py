"""A language model of half a million random numbers, small enough to be made by a test.

It knows how to spell and nothing else: whatever it answers, a server must make into JSON.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import gguf
import numpy as np
import xllamacpp
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

WIDTH, HEADS, LAYERS, HIDDEN, CONTEXT = 64, 4, 2, 128, 32_768
END = "<|end|>"
TEXT = ["{", "}", '"proposed_action": "restart the deployment"', "orders-api OOMKilled", "磁碟已滿"]
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
CALL_MARKS = ("<tool_call>", "</tool_call>")
CALL_TEMPLATE = """\
{%- if tools %}system: <tools>{% for tool in tools %}{{ tool | tojson }}{% endfor %}</tools>
Call one: <tool_call>{"name": <function>, "arguments": <object>}</tool_call>
{% endif %}
{%- for message in messages %}
{{- message.role }}:{{ " " + message.content if message.content else "" }}
{%- for call in message.tool_calls or [] %}
<tool_call>{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
{{- "</tool_call>" }}
{%- endfor %}
{% endfor %}
{%- if add_generation_prompt %}assistant:
{% endif %}"""
"""From such a template, llama.cpp's server learns how the model writes calls, and makes a grammar
of the tools that begins with the mark."""


def write_tiny_model(path: Path, *, seed: int = 0, marks: Sequence[str] = ()) -> list[str]:
    """Write a random model of llama's architecture; return its byte-level vocabulary.

    Args:
        path: the file.
        seed: of the random numbers.
        marks: further tokens, such as the marks around a call of a tool.
    """
    tokens, merges = _vocabulary()
    tokens += marks
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    kinds = dict.fromkeys(marks, gguf.TokenType.USER_DEFINED) | {END: gguf.TokenType.CONTROL}
    writer.add_token_types([kinds.get(token, gguf.TokenType.NORMAL) for token in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index(END))
    writer.add_eos_token_id(tokens.index(END))
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    for name, shape in _shapes(len(tokens)).items():
        writer.add_tensor(name, _numbers(shape, seed=seed))
        seed += 1
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tokens


@contextmanager
def serving(model: Path, *, template: str | None = None) -> Iterator[str]:
    """Serve a model with llama.cpp's server, on one thread; yield its address."""
    options = xllamacpp.CommonParams()
    options.model.path = str(model)
    options.n_parallel, options.n_ctx, options.cpuparams.n_threads = 2, 2 * CONTEXT, 1
    options.port, options.warmup, options.verbosity = 0, False, -1
    if template is not None:
        options.chat_template = template
    running = xllamacpp.Server(options)
    yield f"{running.listening_address}/v1"
    del running


def _vocabulary() -> tuple[list[str], list[str]]:
    """Return all bytes and a few merges of them, as byte-level BPE spells them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT * 50, trainer)
    ranked = sorted(tokenizer.get_vocab().items(), key=lambda pair: pair[1])
    known = {token for token, _ in ranked}
    merges = [
        f"{token[:cut]} {token[cut:]}"
        for token, _ in ranked
        if token != END
        for cut in range(1, len(token))
        if token[:cut] in known and token[cut:] in known
    ]
    return [token for token, _ in ranked], merges


def _shapes(vocabulary: int) -> dict[str, tuple[int, ...]]:
    layers = {
        f"blk.{layer}.{name}.weight": shape
        for layer in range(LAYERS)
        for name, shape in {
            "attn_norm": (WIDTH,),
            "attn_q": (WIDTH, WIDTH),
            "attn_k": (WIDTH, WIDTH),
            "attn_v": (WIDTH, WIDTH),
            "attn_output": (WIDTH, WIDTH),
            "ffn_norm": (WIDTH,),
            "ffn_gate": (HIDDEN, WIDTH),
            "ffn_up": (HIDDEN, WIDTH),
            "ffn_down": (WIDTH, HIDDEN),
        }.items()
    }
    ends = {"token_embd": (vocabulary, WIDTH), "output": (vocabulary, WIDTH)}
    return {
        **{f"{name}.weight": shape for name, shape in ends.items()},
        "output_norm.weight": (WIDTH,),
        **layers,
    }


def _numbers(shape: tuple[int, ...], *, seed: int) -> np.ndarray:
    if len(shape) == 1:
        return np.ones(shape, dtype=np.float32)
    drawn = np.random.default_rng(seed).normal(0, 0.08, shape)
    return drawn.astype(np.float32)
