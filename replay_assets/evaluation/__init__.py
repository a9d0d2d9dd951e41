"""Stage 4: compare answers with labels: grades of an incident, figures of a week, verdict, report.

`grading/` makes the grades, `statistics/` the figures and intervals, `gate/` decides from scores
and a policy, `report/` makes what people read.
`masked_labels` writes labels with the placeholders of packs, `label_leak_check` compares a pack
with its labels, and `scored_days` decides which days count. Only this stage and finetune read
labels; apart from masked labels, what it writes contains grades, and of labels only fields with a
closed vocabulary and the components under the incident's placeholders, never free text.
`grade_answer` and `review` need no lake.
"""

from replay_assets.evaluation.gate import Review, review
from replay_assets.evaluation.grade_answer import GradedAnswer, grade_answer

__all__ = ["GradedAnswer", "Review", "grade_answer", "review"]
