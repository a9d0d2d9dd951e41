"""Stage 5: training files of what went well, and of better and worse answers, for several trainers.

The modules, in the order in which an export uses them:

- `rows`: what every row is, before any trainer's form.
- `collecting` reads the days: `evidence_rows` and `tool_sessions` (what production did),
  `replay_rows` (answers of candidates), `feedback_rows` (what operators said), `labels` and `pairs`
  (which of them stay).
- `selecting`: near-duplicates, reserved incidents, splits, with what `earlier` exports have.
- `export` and `week` write them with `writing/`, in the `flavours/` whose `rules/` are checked.
"""
