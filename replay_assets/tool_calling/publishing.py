"""The benchmark's partitions in the lake: one of results per candidate, and one of the report."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from replay_assets.candidates import Candidate
from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.tool_calling_report import ToolCallingReport
from replay_assets.contracts.tool_calling_rows import ToolFigureRow, ToolResultRow, result_row
from replay_assets.contracts.tool_case import ToolCallingResult, ToolCase
from replay_assets.lake import Lineage, Publication, Published, Store, assets
from replay_assets.lake.formats import encode_json, record_line
from replay_assets.tool_calling.render import HTML, MARKDOWN, render
from replay_assets.tool_calling.report import build_report
from replay_assets.tool_calling.runner import cases_digest

CODE_VERSION = "1"
REPORT_CODE_VERSION = "2"


def lineage_of(lake: Store, cases: Sequence[ToolCase], candidates: Iterable[Candidate]) -> Lineage:
    """Return which partitions of the benchmark are current, for these cases and candidates."""
    asked = list(candidates)
    return Lineage(
        lake=lake,
        cases=cases_digest(cases),
        candidates={one.id: one.digest() for one in asked},
        tool_modes={one.id: _tool_mode(one) for one in asked},
    )


def results_publication(
    results: Sequence[ToolCallingResult], *, inputs: Mapping[str, str]
) -> Publication:
    """Return the partition of one candidate's results."""
    rows = [result_row(one).model_dump() for one in results]
    return Publication(
        tables={
            assets.TOOL_CALLING_RESULTS.table: pa.Table.from_pylist(
                rows, schema=arrow_schema(ToolResultRow)
            )
        },
        files={assets.TOOL_RESULTS_FILE: b"".join(map(record_line, results))},
        inputs=inputs,
        facts={"cases": len(results), "right": sum(one.right is True for one in results)},
        code_version=CODE_VERSION,
    )


def current_results(lineage: Lineage, candidate: Candidate) -> Published | None:
    """Return a candidate's results; None if there are none of the present cases and candidate."""
    address = assets.TOOL_CALLING_RESULTS.at(candidate=candidate.id)
    return lineage.get(address) if lineage.state(address).is_current else None


def report_publication(
    cases: Sequence[ToolCase],
    asked: Sequence[tuple[Candidate, Published]],
    routes: Mapping[str, Sequence[str]],
    *,
    inputs: Mapping[str, str],
) -> Publication:
    """Return the partition of the report on candidates and their published results."""
    report = build_report(cases, [(candidate, _read(found)) for candidate, found in asked], routes)
    rows = [row.model_dump() for row in _rows(report)]
    return Publication(
        tables={
            assets.TOOL_CALLING_REPORT.table: pa.Table.from_pylist(
                rows, schema=arrow_schema(ToolFigureRow)
            )
        },
        files={
            assets.REPORT_FILE: encode_json(report.as_json()),
            assets.REPORT_HTML_FILE: render(HTML, report).encode(),
            assets.REPORT_MARKDOWN_FILE: render(MARKDOWN, report).encode(),
        },
        inputs=inputs,
        code_version=REPORT_CODE_VERSION,
    )


def _tool_mode(candidate: Candidate) -> str:
    return "; ".join(f"{one.tool_mode}, {one.grade_calls_in_text}" for one in candidate.members)


def _read(found: Published) -> list[ToolCallingResult]:
    return [ToolCallingResult.read(one) for one in found.records(assets.TOOL_RESULTS_FILE)]


def _rows(report: ToolCallingReport) -> Iterator[ToolFigureRow]:
    for one in report.candidates:
        groups = {"category": one.by_category, "language": one.by_language, "tool": one.by_tool}
        yield ToolFigureRow(
            candidate_id=one.candidate_id,
            baseline=one.baseline,
            grouping="all",
            group="all",
            cases=one.cases,
            graded=one.graded,
            right=one.right,
            accuracy=one.accuracy,
        )
        for grouping, shares in groups.items():
            for group, share in shares.items():
                yield ToolFigureRow(
                    candidate_id=one.candidate_id,
                    baseline=one.baseline,
                    grouping=grouping,
                    group=group,
                    **share.model_dump(),
                )
