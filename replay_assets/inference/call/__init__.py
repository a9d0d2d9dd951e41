"""The records of one call: its attempts, its completion, and the errors that can end it.

Plain data that is written to the call store and read back equal. Nothing here sends or stores it.
"""

from replay_assets.inference.call.call import Call, CallOutcome
from replay_assets.inference.call.completion import (
    AssistantMessage,
    Attempt,
    AttemptOutcome,
    CalledTool,
    ChainStep,
    Completion,
    ResponseMode,
    StepOutcome,
    total_cost,
)
from replay_assets.inference.call.endings import ending_of
from replay_assets.inference.call.failures import (
    BudgetExhaustedError,
    CallFailedError,
    CircuitOpenError,
    GateBlockedError,
    InfrastructureError,
    ModelRefusedError,
    PatienceExceededError,
    RequestRejectedError,
    RunRejectedError,
)
from replay_assets.inference.call.question import Message, Question

__all__ = [
    "AssistantMessage",
    "Attempt",
    "AttemptOutcome",
    "BudgetExhaustedError",
    "Call",
    "CallFailedError",
    "CallOutcome",
    "CalledTool",
    "ChainStep",
    "CircuitOpenError",
    "Completion",
    "GateBlockedError",
    "InfrastructureError",
    "Message",
    "ModelRefusedError",
    "PatienceExceededError",
    "Question",
    "RequestRejectedError",
    "ResponseMode",
    "RunRejectedError",
    "StepOutcome",
    "ending_of",
    "total_cost",
]
