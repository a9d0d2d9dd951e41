"""Reports of runs that were killed: what they held is freed, and others are named."""

import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from replay_assets.defs.endpoint_slots import WAITING, slot
from tests.defs.slots import GONE, POOL, hold, limited_instance, slots_of, started
from tests.field_reports.reports import needs_reports, report_input


@needs_reports
def test_slot_of_dead_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slot of a killed run is freed; a run that may still work is named, until Ctrl-C."""
    assert "killed with -9" in report_input("slot-of-dead-run")
    caplog.set_level(logging.WARNING, WAITING.name)

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    with limited_instance(tmp_path) as instance:
        hold(instance, f"RUN {GONE}")
        run = started(instance)
        with slot(instance, POOL, run.run_id, "step"):
            assert slots_of(instance).active_run_ids == {run.run_id}
        other = hold(instance, f"RUN {replace(GONE, host='elsewhere')}")
        with pytest.raises(KeyboardInterrupt), slot(instance, POOL, run.run_id, "step"):
            pass
        assert slots_of(instance).active_run_ids == {other.run_id}
    assert any(other.run_id in message for message in caplog.messages)
