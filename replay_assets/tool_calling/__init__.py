"""The tool-calling benchmark: cases with known calls, asked of every candidate, and graded.

`cases.py` reads the cases, `scoring.py` compares calls with what is expected, value by value
(`comparing.py`).
"""
