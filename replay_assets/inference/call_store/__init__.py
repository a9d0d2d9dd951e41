"""Finished calls: of this run, of earlier runs of the same work, and in a cache that works share.

A work is what a run does, such as one candidate's replay of one day. Only calls and their keys are
stored here; their meaning is defined by the stage that asked. Stages use `CallStores` and
`CallStore`, which hide how calls are kept: in local files or in memory.
"""

from replay_assets.inference.call_store.local import LocalCallStores
from replay_assets.inference.call_store.memory import MemoryCallStores
from replay_assets.inference.call_store.protocols import CallStore, CallStores, Header

__all__ = [
    "CallStore",
    "CallStores",
    "Header",
    "LocalCallStores",
    "MemoryCallStores",
]
