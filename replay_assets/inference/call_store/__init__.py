"""Finished calls: those of a run, those of earlier runs of the same work, and a cache across works.

Knows calls and their keys only; what a call answers is known to the stage that asked. Stages use
`CallStores` and `CallStore`; how calls are kept (in local files, in memory) is behind them.
"""

from replay_assets.inference.call_store.local import LocalCallStores
from replay_assets.inference.call_store.memory import MemoryCallStores
from replay_assets.inference.call_store.protocols import CallStore, CallStores, Header

__all__ = ["CallStore", "CallStores", "Header", "LocalCallStores", "MemoryCallStores"]
