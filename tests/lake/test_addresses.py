"""Addresses: the paths that pandas, DuckDB and Spark understand as partitions."""

import pytest

from replay_assets.lake.addresses import Address

DAY = Address("incident_evidence", "2026-09-21")
CANDIDATE_DAY = Address("replay_results", "2026-09-21", candidate="nemotron-mini")
WEEK = Address("sft_export", "2026-09-21", grain="week")


@pytest.mark.parametrize(
    ("address", "table", "file"),
    [
        pytest.param(
            DAY,
            "tables/t/date=2026-09-21/t.parquet",
            "files/incident_evidence/date=2026-09-21/audit.json",
            id="day",
        ),
        pytest.param(
            CANDIDATE_DAY,
            "tables/t/candidate=nemotron-mini/date=2026-09-21/t.parquet",
            "files/replay_results/candidate=nemotron-mini/date=2026-09-21/audit.json",
            id="candidate's day",
        ),
        pytest.param(
            WEEK,
            "tables/t/week=2026-09-21/t.parquet",
            "files/sft_export/week=2026-09-21/audit.json",
            id="week",
        ),
    ],
)
def test_a_partition_is_in_a_folder_that_names_it(address: Address, table: str, file: str):
    """The layout is public: teams read it with their own tools."""
    assert address.table("t") == table
    assert address.file("audit.json") == file


@pytest.mark.parametrize(
    ("address", "text"),
    [(DAY, "incident_evidence 2026-09-21"), (CANDIDATE_DAY, "replay_results/nemotron-mini 2026")],
    ids=["day", "candidate's day"],
)
def test_an_address_reads_as_a_person_would_say_it(address: Address, text: str):
    """Messages show addresses."""
    assert str(address).startswith(text)
