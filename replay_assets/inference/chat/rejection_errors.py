"""The error for each kind of rejection, which says why and what to do about it."""

from collections.abc import Mapping

from replay_assets.candidates import Candidate
from replay_assets.inference.call import (
    Attempt,
    CallFailedError,
    ModelRefusedError,
    RequestRejectedError,
    RunRejectedError,
)
from replay_assets.inference.chat.rejection_kinds import OF_ONE_REQUEST, RejectionKind

_CHECK = "Check {key}, model {model!r} and base_url of candidate {id!r}."
_REASONS: Mapping[RejectionKind, tuple[str, str]] = {
    "key": ("the key is missing or not accepted", _CHECK),
    "model": ("the endpoint does not know this model, or the key may not use it", _CHECK),
    "path": ("the endpoint does not know this model or path", _CHECK),
    "account": (
        "the account can't pay for more, or has reached a limit of use",
        "Top up the account of candidate {id!r} (model {model!r}, key in {key}), or raise its "
        "limit.",
    ),
    "region": (
        "the endpoint may not be used from this country or network",
        "Use another endpoint for candidate {id!r}, or another network.",
    ),
    "proxy": (
        "the proxy asks for a user name and a password",
        "Set HTTPS_PROXY or HTTP_PROXY with both, or list the endpoint in NO_PROXY.",
    ),
    "parameter": (
        "model {model!r} does not take a parameter that every request has",
        "Change it in the entry of candidate {id!r}, or leave it out: under `sampling`, null sends "
        "nothing for it.",
    ),
    "forbidden": (
        "it rejects one request after the other: the key may not use this model, or a firewall "
        "blocks them",
        _CHECK,
    ),
    "unexplained": (
        "it rejects one request after the other, so the cause is probably in what all of them have",
        "Check the entry of candidate {id!r}: model {model!r}, base_url and sampling.",
    ),
}
"""Why a run ends, and the way out."""


def error_of_rejection(
    rejection: RejectionKind, problem: str, *, candidate: Candidate, attempts: tuple[Attempt, ...]
) -> CallFailedError:
    """Return the error that ends a rejected call; `problem` is what the endpoint answered."""
    if rejection == "moderated":
        return ModelRefusedError(problem, attempts=attempts)
    if rejection == "request":
        return RequestRejectedError(problem, attempts=attempts)
    names = {
        "key": candidate.api_key_env or "api_key_env",
        "model": candidate.model,
        "id": candidate.id,
    }
    reason, way_out = (text.format(**names) for text in _REASONS[rejection])
    text = f"{candidate.base_url}: {reason} ({problem}). {way_out}"
    of_run = RunRejectedError(text, attempts=attempts)
    if rejection in OF_ONE_REQUEST:
        alone = rejection == "forbidden"
        return RequestRejectedError(problem, attempts=attempts, of_run=of_run, decides_alone=alone)
    return of_run
