"""Asking a model: a client and its gate, rate limits, money, kept calls, batches, baselines.

The packages, from the lowest to the highest:

- `call`: the records of one finished call, and the errors that can end it.
- `call_store`, `spending`, `throttling`: what was answered, what it cost, how fast it may go.
- `baselines`: answers without a model. `transport`: HTTP, the one place with an HTTP client.
- `chat`: one question to one endpoint, with the gate on the bytes that leave.
- `routing`: one question to several candidates, each asked if those before it fail.
- `batch`: many dialogues, asked once, kept and continued.
- `stand_in`: a server that injects faults, for load tests.

Nothing here knows a pack, an incident or a label. A stage imports the names below from here: they
are loaded when they are first used, because an HTTP client takes a third of a second to import.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replay_assets.inference.batch import (
        Batch,
        BatchProgress,
        Dialogue,
        DialogueChangedError,
        Report,
        RunStores,
        run_batch,
    )
    from replay_assets.inference.call import (
        Attempt,
        Call,
        CalledTool,
        Completion,
        Message,
        Question,
    )
    from replay_assets.inference.call_store import (
        CallStore,
        CallStores,
        Header,
        LocalCallStores,
        MemoryCallStores,
    )
    from replay_assets.inference.chat import ChatClient, SendingGate, findings_of
    from replay_assets.inference.routing import chain_of, member_of, members_after
    from replay_assets.inference.spending import Ledger, MemoryLedger
    from replay_assets.inference.spending.sql_ledger import SqlLedger
    from replay_assets.inference.transport import probe, with_model

__all__ = [
    "Attempt",
    "Batch",
    "BatchProgress",
    "Call",
    "CallStore",
    "CallStores",
    "CalledTool",
    "ChatClient",
    "Completion",
    "Dialogue",
    "DialogueChangedError",
    "Header",
    "Ledger",
    "LocalCallStores",
    "MemoryCallStores",
    "MemoryLedger",
    "Message",
    "Question",
    "Report",
    "RunStores",
    "SendingGate",
    "SqlLedger",
    "chain_of",
    "findings_of",
    "member_of",
    "members_after",
    "probe",
    "run_batch",
    "with_model",
]

_MODULES = {
    "batch": (
        "Batch",
        "BatchProgress",
        "Dialogue",
        "DialogueChangedError",
        "Report",
        "RunStores",
        "run_batch",
    ),
    "call": ("Attempt", "Call", "CalledTool", "Completion", "Message", "Question"),
    "call_store": ("CallStore", "CallStores", "Header", "LocalCallStores", "MemoryCallStores"),
    "chat": ("ChatClient", "SendingGate", "findings_of"),
    "routing": ("chain_of", "member_of", "members_after"),
    "spending": ("Ledger", "MemoryLedger"),
    "spending.sql_ledger": ("SqlLedger",),
    "transport": ("probe", "with_model"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

if not TYPE_CHECKING:  # else a type checker accepts any name

    def __getattr__(name: str) -> object:
        """Load a public name when it is first used."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
