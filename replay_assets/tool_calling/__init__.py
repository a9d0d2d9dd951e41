"""The tool-calling benchmark: cases with known calls, asked of every candidate, and graded.

`cases.py` reads the cases, `prompts.py` has what is asked, `runner.py` asks it. `results.py` makes
a result of each answer, `scoring.py` compares its calls with what is expected, value by value
(`comparing.py`). `report.py` has the figures, `render.py` the report for people, `publishing.py`
the partitions in the lake.
"""
