"""Answers calls of tools from recordings, and acknowledges changes as dry runs.

Nothing here opens a socket or starts a process. `tool_box` is what an investigation calls.
"""
