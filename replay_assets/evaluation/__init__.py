"""Stage 4: labels meet answers. Grades of an incident, figures of a week, a verdict, a report.

`grading/` makes the grades, `statistics/` the figures and intervals, `report/` what people read.
`masked_labels` spells labels as packs do, `label_leak_check` compares a pack with its labels, and
`scored_days` says which days count. With finetune, the only stage that reads labels; what it writes
holds grades, never label text.
"""
