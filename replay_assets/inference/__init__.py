"""Talking to a model: the client and its gate, rate limits, money, kept calls, baselines.

The rooms, from the lowest to the highest:

- `call`: the records of one finished call, and what can end it.
- `call_store`, `spending`, `throttling`: what was answered, what it cost, how fast it may go.
- `baselines`: answers without a model. `transport`: HTTP, the one place with an HTTP client.
- `chat`: one question to one endpoint, with the gate on the bytes that leave.
- `stand_in`: a server that injects faults, for load tests.

Knows no pack, no incident and no label.
"""
