"""`judge`: labels and rewards for what operators wrote about answers, without Dagster."""

import sys
from pathlib import Path

import click

from replay_assets.cli.commands.options import refresh_option


@click.command()
@click.option(
    "--triples",
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="A JSONL file of triples; - reads standard input. One line is enough.",
)
@click.option(
    "--judge",
    "judge_id",
    required=True,
    metavar="ID",
    help="The catalogue's entry with `role: judge`, or rules-judge for the built-in rules.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for rewards.jsonl and judge_report.json, and for the journal.",
)
@refresh_option
def judge(triples: Path, judge_id: str, out: Path, refresh: bool) -> None:
    """Judge what operators' next messages say about answers: labels, confidence, rewards.

    A triple has id, query_t (the question), answer_t, query_t1 (the operator's next message) and
    perhaps incident_id; texts are sanitized before a judge sees them, those of one incident with
    one map. After a single bad line nothing is judged. If $REPLAY_HUMAN_LABELS names triples that
    people labelled, the report says how well the judge agrees with them.

    An interrupted run continues where it stopped: answers are kept in --out. What failed, or could
    not be read as a label, is asked again. Status 1 if a triple has no label.
    """
    from replay_assets.cli.judge import judge_file

    if not judge_file(triples, judge_id, out, refresh=refresh):
        sys.exit(1)
