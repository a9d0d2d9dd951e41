"""README's list of the columns, and its example of a recorded decision, are those of the code."""

import json
import re
from pathlib import Path

from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.evaluation.grading.proposal import read_proposal
from replay_assets.evaluation.grading.recorded import judged_wrong
from replay_assets.finetune.example import reasoning_of
from replay_assets.source.schema.tables import TABLES

README = (Path(__file__).parents[3] / "README.md").read_text("utf-8")
NAME = re.compile(r"`(\w+)`")


def test_the_table_lists_every_column_as_required_or_optional():
    """A column that is not listed can't be mapped by someone who reads README only."""
    lines = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \|$", README, re.MULTILINE)
    listed = {name: (required, optional) for name, required, optional in lines if name in TABLES}
    assert listed.keys() == TABLES.keys()
    for name, cells in listed.items():
        # What is in parentheses explains values.
        required, optional = (set(NAME.findall(re.sub(r"\(.*?\)", "", cell))) for cell in cells)
        columns = TABLES[name].columns
        assert required == {one.name for one in columns if one.required}
        assert optional == {one.name for one in columns if not one.required}


def test_the_example_of_a_decision_is_read_in_full():
    """Each field of it is one that grading or training reads."""
    (example,) = re.findall(r"```json\n(\{\"root_cause.*?)```", README, re.DOTALL)
    decision = json.loads(example)
    proposal = read_proposal(decision, load_vocabulary())
    assert None not in (
        proposal.category,
        proposal.components,
        proposal.action_id,
        proposal.risk_level,
        proposal.asks_approval,
        proposal.mutates,
    )
    row = {"coordinator_output": example}
    assert judged_wrong(row)
    assert reasoning_of(row) == decision["reasoning"]
