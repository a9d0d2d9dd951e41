"""Stage 4: labels meet answers. Grades by incident, a week's statistics, a verdict, a report.

With finetune, the only stage that reads labels. What it writes holds grades, never label text.
"""
