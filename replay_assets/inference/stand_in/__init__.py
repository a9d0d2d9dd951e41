"""A server that speaks the OpenAI protocol and injects faults, for load tests and trials.

Imported by the command that serves it and by nothing else.
"""
