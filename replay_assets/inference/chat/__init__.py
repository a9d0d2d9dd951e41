"""One request to one endpoint: request body, gate, retries, and reading the response.

Other endpoints are asked in turn by `routing`, many requests by `batch`. Bytes are sent by
`transport`.
"""

from replay_assets.inference.chat.client import ChatClient, workers_for
from replay_assets.inference.chat.in_flight import InFlight
from replay_assets.inference.chat.preflight import findings_of
from replay_assets.inference.chat.request_key import RequestKeys, parts_of
from replay_assets.inference.chat.sending_gate import SendingGate

__all__ = [
    "ChatClient",
    "InFlight",
    "RequestKeys",
    "SendingGate",
    "findings_of",
    "parts_of",
    "workers_for",
]
