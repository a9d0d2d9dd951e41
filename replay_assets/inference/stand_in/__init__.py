"""A server that implements the OpenAI protocol and injects faults, for load tests and trials.

Imported only by the command that serves it.
"""
