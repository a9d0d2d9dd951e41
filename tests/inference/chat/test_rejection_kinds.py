"""Why a reply is a rejection, in words of providers that the table of replies does not show."""

import json
from typing import Any

import pytest

from replay_assets.inference.chat.error_text import LONGEST_TEXT, error_of
from replay_assets.inference.chat.rejection_kinds import lasting_rejection_of, rejection_of

SAID: dict[str, list[tuple[int, str]]] = {
    "account": [
        (400, "Billing hard limit has been reached"),
        (403, "Access to the model is denied due to overdue payment"),
        (400, "Access denied, please make sure your account is in good standing."),
        (403, "The free tier of the model has been exhausted."),
        (403, "Your team has used all available credits or reached its monthly spending limit."),
        (400, "Organization has been restricted. Please reach out to support."),
        (403, "用户额度不足, 剩余额度: 0"),
        (403, "Quota exceeded for this month"),
        (402, "This request requires more credits, or fewer max_tokens."),
        (401, "Your account is not active, please check your billing details"),
        (403, "Sorry, your account balance is insufficient"),
        (403, "NOT_ENOUGH_BALANCE"),
        (403, "Your newly created team doesn't have any credits or licenses yet."),
        (403, "AI Gateway requires a valid credit card on file to service requests."),
        (403, "token_quota_reached"),
        (403, "Out of call volume quota. Quota will be replenished in 12:00:00."),
    ],
    "key": [
        (400, "Incorrect API key provided: xa***yz."),
        (403, "Invalid API Key"),
        (403, "The security token included in the request is expired"),
        (403, "Your API key was reported as leaked. Please use another API key."),
        (403, "Missing Authentication Token"),
        (401, "no"),
    ],
    "region": [
        (400, "User location is not supported for the API use."),
        (403, "Country, region, or territory not supported"),
        (403, "Access denied due to Virtual Network/Firewall rules."),
        (403, "IP address not authorized"),
    ],
    "moderated": [
        (400, "Invalid prompt: your prompt was flagged as potentially violating our usage policy."),
        (400, "The request was rejected because it was considered high risk"),
        (400, "系统检测到输入或生成内容可能包含不安全或敏感内容"),
        (403, "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"),
        (400, "Violated guardrail policy"),
        (451, "censorship_blocked"),
    ],
    "request": [
        (400, "prompt is too long: 210000 tokens > 200000 maximum"),
        (400, "Could not finish the message because max_tokens or output limit was reached."),
        (400, "The input token count (1200000) exceeds the maximum number of tokens allowed."),
        (400, "Range of input length should be [1, 30720]"),
        (413, "Request too large on tokens per minute (TPM): Limit 6000, Requested 9000"),
        (400, "Prompt contains 40000 tokens, too large for model with 32768 maximum context"),
        (400, "'max_tokens' is too large: 900. This model's maximum context length is 4096 tokens"),
        (422, "`inputs` must have less than 4095 tokens. Given: 5000"),
    ],
    "model": [
        (400, "meta/llama is not a valid model ID"),
        (400, "The model `llama3` has been decommissioned and is no longer supported."),
        (403, "Project `x` does not have access to model `big`"),
        (400, "The requested model 'a/b' is not supported by any provider you have enabled."),
        (400, "The provided model identifier is invalid."),
        (400, "模型不存在，请检查模型代码。"),
        (400, '"embed" does not support chat'),
        (404, "Function 'abc': Not found for account 'x'"),
        (400, "LLM Provider NOT provided. You passed model=big"),
        (400, "The model `x` requires terms acceptance."),
        (403, "Model access denied."),
    ],
    "parameter": [
        (400, "Unrecognized request argument supplied: seed"),
        (400, "parameter.enable_thinking must be set to false for non-streaming calls"),
        (400, "max_tokens is too large: 50000. It supports at most 16384 completion tokens"),
        (400, "`temperature` and `top_p` cannot both be specified for this model."),
        (400, "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]"),
        (400, "System role not supported"),
        (400, "Conversation roles must alternate user/assistant/user/assistant"),
        (400, "This model only supports streaming."),
        (400, '"llama3" does not support thinking'),
        (400, "Extra inputs are not permitted, field: 'seed'"),
        (400, "invalid temperature: only 1 is allowed for this model"),
    ],
    "path": [(404, "404 page not found"), (301, "Moved Permanently"), (308, "")],
    "proxy": [(407, "")],
    "forbidden": [(403, "Forbidden"), (403, "Request blocked by security policy"), (406, "")],
    "unexplained": [
        (400, "nope"),
        (400, "Request contains an invalid argument."),
        (418, "I'm a teapot"),
    ],
}


@pytest.mark.parametrize("rejection", SAID)
def test_a_rejection_is_read_from_status_and_words(rejection: str) -> None:
    """Each text is as a provider writes it."""
    found = {said: rejection_of(said[0], error_of(said[1].encode())) for said in SAID[rejection]}
    assert found == dict.fromkeys(SAID[rejection], rejection)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "litellm.RateLimitError: rate_limit_exceeded"),
        (403, "The service is temporarily unavailable for you"),
        (400, "Model is overloaded"),
        (400, "Model is still loading"),
        (400, "The model has crashed without additional information."),
    ],
)
def test_a_refusal_that_says_that_it_passes_is_none(status: int, text: str) -> None:
    """Some gateways send every error of a provider under one status."""
    assert rejection_of(status, error_of(text.encode())) is None


@pytest.mark.parametrize(
    ("status", "text", "rejection"),
    [
        (429, "Billing hard limit has been reached", "account"),
        (429, "You exceeded your current quota, check your billing. Please retry in 33.9s.", None),
        (429, "Limit on tokens per min (TPM). Add a payment method to your account", None),
        (429, "max organization concurrency: 1, please try again after 1 seconds", None),
        (429, "Rate limit: free-models-per-day. Add credits for 1000 requests per day", "account"),
        (429, "Too many tokens per day, please wait before trying again.", "account"),
        (429, "tokens per day (TPD): Limit 100000. Please try again in 10m4.8s.", None),
        (429, "Your account has reached the set inference limit for the [x] model", "account"),
        (429, "Your account has exhausted its free trial quota for the model", "account"),
        (429, "Quota exceeded for metric: free_tier_requests, limit: 0. Retry in 8s.", "account"),
        (429, "Your Trial key is limited to 1000 API calls / month.", "account"),
        (429, "Your Trial key is limited to 20 API calls / minute.", None),
        (429, "Limits: 60 requests/minute, 10000 requests/day", None),
        (500, "Guardrail service timed out", None),
        (500, "Prompt blocked by the guardrail", "moderated"),
        (429, "week allocated quota exceeded. insufficient_quota", "account"),
        (429, "concurrency allocated quota exceeded. insufficient_quota", None),
        (429, "You exceeded your current quota: https://help.aliyun.com/x", None),
        (429, "This request would exceed your limit of 40,000 input tokens per minute", None),
        (500, "insufficient_user_quota", "account"),
        (503, "No available channel for model x: model_not_found", None),
        (503, "The server is under moderate load", None),
        (424, "Prompt blocked by the guardrail", "moderated"),
    ],
)
def test_what_looks_temporary_is_a_refusal_only_if_it_lasts(
    status: int, text: str, rejection: str | None
) -> None:
    """A limit that passes by itself must not end a run."""
    assert lasting_rejection_of(status, error_of(text.encode())) == rejection


@pytest.mark.parametrize(
    ("error", "rejection"),
    [
        ({"code": 402, "message": "no"}, "account"),
        ({"code": 110, "message": "Access token invalid or no longer valid"}, "key"),
        ({"code": 401, "message": "User not found."}, "key"),
        ({"code": 403, "message": "Your input was flagged"}, "moderated"),
        ({"code": 404, "message": "model not found"}, None),
        ({"code": 400, "message": "x is not a valid model ID"}, "model"),
        ({"code": 429, "message": "Request too large"}, None),
    ],
    ids=["account", "token", "key", "moderated", "model_of_a_provider", "model", "load"],
)
def test_an_error_within_a_200_has_its_own_status(
    error: dict[str, Any], rejection: str | None
) -> None:
    """Only what is sure to last is not tried again."""
    assert lasting_rejection_of(200, error_of(json.dumps({"error": error}).encode())) == rejection


@pytest.mark.parametrize(
    "body",
    [
        {"detail": [{"loc": ["body", "messages", 1], "msg": "bad", "input": "quota exhausted"}]},
        {"error": {"message": "[{'type': 'string_type', 'input': 'insufficient balance'}]"}},
        {"message": "bad", "request": {"messages": [{"content": "insufficient balance"}]}},
        {"choices": [{"message": {"content": "insufficient balance"}}]},
        '{"choices": [{"message": {"content": "insufficient balance',
        'data: {"choices": [{"delta": {"content": "insufficient balance',
        "<html>Please pay: insufficient balance</html>",
    ],
    ids=["validation", "quoted", "request", "content", "cut", "chunk", "page"],
)
def test_an_echo_of_the_request_is_not_what_the_endpoint_says(body: Any) -> None:
    """The evidence of an incident may be about a quota."""
    content = body if isinstance(body, str) else json.dumps(body)
    assert rejection_of(400, error_of(content.encode())) == "unexplained"


@pytest.mark.parametrize(
    ("page", "rejection"),
    [
        ("<html><title>Request Rejected</title>Your support ID is: 1", "forbidden"),
        ("<html>Request unsuccessful. Incapsula incident ID: 1-2</html>", "forbidden"),
        ("<!DOCTYPE html><h2>The request is blocked.</h2>", "forbidden"),
        ("<!DOCTYPE html><title>Sign in</title>", None),
        ("<html>We are back soon.</html>", None),
    ],
)
def test_a_page_under_200_is_a_refusal_if_a_firewall_wrote_it(
    page: str, rejection: str | None
) -> None:
    """Others may pass, such as a page during maintenance."""
    assert lasting_rejection_of(200, error_of(page.encode())) == rejection


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"error": {"message": "x", "param": "top_k"}}, "top_k"),
        ({"error": {"message": "x", "param": "messages[1].content"}}, "messages"),
        ({"detail": [{"loc": ["body", "seed"], "msg": "x"}]}, "seed"),
        ({"error": {"message": "x", "param": None}}, None),
        ([{"error": {"message": "x"}}], None),
    ],
)
def test_the_field_that_is_rejected_is_read(body: Any, field: str | None) -> None:
    """A field that all requests have is the candidate's, not the incident's."""
    error = error_of(json.dumps(body).encode())
    assert error.field == field
    is_of_candidate = field not in (None, "messages")
    assert rejection_of(400, error) == ("parameter" if is_of_candidate else "unexplained")


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"\xff\xfe", b"", b"null", b'{"error": ' * 50 + b"1" + b"}" * 50]
)
def test_any_body_can_be_read(body: bytes) -> None:
    """It comes from outside."""
    assert len(error_of(body).words) <= LONGEST_TEXT
