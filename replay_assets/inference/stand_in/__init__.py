"""A small OpenAI-compatible application that serves the two baselines.

Mounted in process for the embedded candidates, or run as a server for load tests, with latency and
faults by request. They are baselines: nothing here pretends to be a language model.
"""
