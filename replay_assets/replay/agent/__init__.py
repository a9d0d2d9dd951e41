"""An investigation: a candidate reads one recorded incident turn by turn, with tools.

`tools` answers calls from what was recorded and never touches anything; `shields` looks at what
goes into a model and at what it writes.
"""
