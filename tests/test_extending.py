"""A new grade, asset or training format touches at most three modules of the package."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "replay_assets"


def modules_with(word: str) -> set[str]:
    """The modules of the package that contain a word, by their paths."""
    pattern = re.compile(rf"\b(?:{word})\b")
    return {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize(
    ("grade", "subject"),
    [("over_asked", "safety"), ("abstention", "safety"), ("root_cause_components", "root_cause")],
)
def test_a_grade_is_named_in_its_contract_and_in_the_module_of_its_subject(
    grade: str, subject: str
) -> None:
    """Metrics, report, UI and columns follow from them; only code that uses a grade names it too.

    The third module to touch is `contracts/grade.py`, for reasons that do not exist yet.
    """
    uses = {"root_cause_components": {"finetune/evidence_rows.py"}}
    known_elsewhere = {"contracts/result.py"}  # a column of an answer has the same name
    assert modules_with(grade) - uses.get(grade, set()) - known_elsewhere == {
        "contracts/score.py",
        f"evaluation/grading/{subject}.py",
    }


def test_an_asset_is_declared_built_and_calculated_in_one_module_each() -> None:
    """`lake/assets.py`, `defs/evaluation.py`, and the module of the stage that makes its content.

    Jobs, schedules, the command line and lineage follow from the declaration.
    """
    built = {"lake/assets.py", "defs/evaluation.py"}
    assert modules_with("EVALUATION_REPORT") == {
        *built,
        "evaluation/report/build.py",
        "evaluation/report/trend.py",  # reads those of earlier weeks
        "cli/display.py",  # shows the report
        "cli/verdict.py",  # shows one verdict of it
        "defs/checks.py",  # checks it
        "finetune/reserving.py",  # a review is closed once its report is made
    }
    assert modules_with("MASKED_LABELS") == {
        *built,
        "evaluation/masked_labels.py",
        "evaluation/report/details.py",  # shows their closed fields
        "defs/pack_checks.py",  # compares packs with them
    }


def test_a_training_format_is_one_record_one_function_and_one_entry_in_a_table() -> None:
    """Files, checks, manifest and the command line follow from the table."""
    assert modules_with("dpo_nemo|dpo\\.nemo") == {
        "finetune/flavours/preference.py",
        "finetune/rules/preference.py",
        "finetune/rules/__init__.py",
    }
