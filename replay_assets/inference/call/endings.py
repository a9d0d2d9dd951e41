"""How an answer ended: the finish reasons of many providers, read as one of four endings."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

Ending = Literal["finished", "cut", "refused", "failed"]
"""`cut` at a limit of tokens; `refused` by the model, or by a filter of its provider; `failed` at
the provider, so that the text is not the model's answer. All other finish reasons: `finished`."""

_WORDS: Mapping[Ending, str] = {
    "cut": """
        length max_length model_length max_tokens max_new_tokens max_output_tokens
        max_completion_tokens token_limit token_limit_reached error_limit truncated incomplete
        context_length context_length_exceeded context_window_exceeded
        model_context_window_exceeded max_context_length context_length_reached
        max_predicted_tokens_reached maximum_tokens maximum_length limit output_limit
    """,
    "refused": """
        refusal refused content_filter content_filtered content_blocked content_policy
        content_policy_violation policy_violation safety image_safety safety_filter recitation
        image_recitation prohibited_content image_prohibited_content blocklist blocked spii
        language model_armor moderation sensitive guardrail guardrails guardrail_intervened
        error_toxic violation data_inspection_failed
    """,
    "failed": """
        error errored failed failure network_error server_error internal_error
        internal_server_error provider_error insufficient_system_resource overloaded
        engine_overloaded rate_limit rate_limited timeout timed_out time_limit not_finished abort
        aborted cancel canceled cancelled user_cancel user_stopped model_unloaded
        malformed_function_call unexpected_tool_call malformed_response too_many_tool_calls
        malformed_model_output malformed_tool_use missing_thought_signature other unspecified load
        unload
    """,
}
_ENDINGS = {word: ending for ending, words in _WORDS.items() for word in words.split()}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PREFIX = re.compile(r"^(?:finish|stop)_?reason_")


@lru_cache(maxsize=256)
def ending_of(finish_reason: str | None) -> Ending:
    """Return how an answer with this finish reason ended, whatever its spelling.

    The same word is written `max_tokens`, `MAX_TOKENS`, `maxTokens` or `FinishReason.MAX_TOKENS`;
    some gateways join two of them: `content_filter: PROHIBITED_CONTENT`.
    """
    for word in re.split(r"[^\w\- ]+", _CAMEL.sub("_", finish_reason or "")):
        name = re.sub(r"[\s\-]+", "_", word.strip()).casefold()
        if (ending := _ENDINGS.get(_PREFIX.sub("", name))) is not None:
            return ending
    return "finished"
