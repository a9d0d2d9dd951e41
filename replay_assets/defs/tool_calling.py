"""Assets of the tool-calling benchmark, without partitions: results per candidate, the report."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import dagster as dg

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.tool_case import ToolCallingResult, ToolCase
from replay_assets.defs.endpoint_slots import endpoint_slot
from replay_assets.defs.evaluation import GROUP, OWNERS
from replay_assets.defs.keys import key_of, tags_of
from replay_assets.defs.left_out import is_left_out
from replay_assets.defs.materializing import materialize
from replay_assets.defs.metadata import Metadata
from replay_assets.defs.replay import ReplayConfig, RunLog
from replay_assets.defs.resources import Keys, OutboundSafeguards, Root, State
from replay_assets.lake import Published, assets
from replay_assets.lake.digests import digest_of
from replay_assets.settings import tool_case_files
from replay_assets.tool_calling import publishing
from replay_assets.tool_calling.cases import read_cases, shipped_cases
from replay_assets.tool_calling.publishing import (
    current_results,
    lineage_of,
    report_publication,
    results_publication,
)
from replay_assets.tool_calling.runner import run_cases


def build_all(catalogue: Catalogue) -> list[dg.AssetsDefinition]:
    """Return the assets of the benchmark."""
    # A control differs from its candidate in the evidence only, and cases have none.
    asked = Catalogue(one for one in catalogue if one.incidents_per_week is None)
    everyone = frozenset(candidate.id for candidate in asked)
    results = [build_results(candidate, everyone) for candidate in asked]
    return [*results, build_report_asset(asked)]


def build_results(candidate: Candidate, everyone: AbstractSet[str]) -> dg.AssetsDefinition:
    """Return the asset that asks one candidate all cases."""
    address = assets.TOOL_CALLING_RESULTS.at(candidate=candidate.id)

    @dg.asset(
        key=key_of(assets.TOOL_CALLING_RESULTS, candidate.id),
        group_name=GROUP,
        owners=OWNERS,
        kinds={"jsonl", "parquet"},
        tags=tags_of(candidate),
        code_version=f"{publishing.CODE_VERSION}.{candidate.digest()[:12]}",
        # A run that leaves the candidate out yields nothing.
        output_required=False,
    )
    def tool_calling_results(
        context: dg.AssetExecutionContext,
        config: ReplayConfig,
        lake: Root,
        api_keys: Keys,
        safeguards: OutboundSafeguards,
        state: State,
    ) -> Iterator[dg.MaterializeResult[None]]:
        """One result per case: the calls that the candidate made, and whether they are right.

        Asks the shipped cases and those of $REPLAY_TOOL_CASES. Nothing that is called is executed.
        """
        if is_left_out(context, candidate, everyone):
            return
        api_key = api_keys.key_of(candidate, context.log.warning)

        def ask(_: str) -> Published:
            cases = _cases()
            results = run_cases(
                cases,
                candidate,
                api_key=api_key,
                keys=api_keys.of_variable,
                stores=state.stores,
                work=f"tool_calling/{candidate.id}",
                gate=safeguards.gate_of_tokens(),
                timezone=state.timezone,
                refresh=config.refresh,
                progress=RunLog(context.log.info).report,
            )
            _require_answers(results)
            inputs = lineage_of(lake, cases, [candidate]).inputs(address)
            return lake.publish(address, results_publication(results, inputs=inputs))

        # Runs against the same endpoint share its limits, so they run one after another.
        with endpoint_slot(context, candidate):
            yield materialize(context, ask)

    return tool_calling_results


def build_report_asset(catalogue: Catalogue) -> dg.AssetsDefinition:
    """Return the report on every candidate that has results of the present cases."""
    routes = catalogue.routes

    @dg.asset(
        group_name=GROUP,
        owners=OWNERS,
        kinds={"html", "parquet"},
        deps=[key_of(assets.TOOL_CALLING_RESULTS, candidate.id) for candidate in catalogue],
        # The report recommends an order for each route of the catalogue.
        code_version=f"{publishing.REPORT_CODE_VERSION}.{digest_of(sorted(routes.items()))[:12]}",
    )
    def tool_calling_report(
        context: dg.AssetExecutionContext, lake: Root
    ) -> dg.MaterializeResult[None]:
        """Which candidate calls the right tool with the right parameters, with intervals.

        Candidates without results of the present cases are left out, and named in the log.
        """

        def report_on(_: str) -> Published:
            cases = _cases()
            lineage = lineage_of(lake, cases, catalogue)
            found = {one.id: current_results(lineage, one) for one in catalogue}
            if missing := [name for name, results in found.items() if results is None]:
                context.log.warning(f"no results of the present cases: {', '.join(missing)}")
            asked = [(one, results) for one in catalogue if (results := found[one.id]) is not None]
            address = assets.TOOL_CALLING_REPORT.at()
            inputs = lineage.inputs(address)
            return lake.publish(address, report_publication(cases, asked, routes, inputs=inputs))

        return materialize(context, report_on, _report_metadata)

    return tool_calling_report


def _cases() -> list[ToolCase]:
    return read_cases([shipped_cases(), *tool_case_files()])


def _require_answers(results: list[ToolCallingResult]) -> None:
    """Fail if no case has an answer: an endpoint that is down must not be published as a score."""
    if all(one.right is None for one in results):
        raise dg.Failure(
            f"none of the {len(results)} cases got an answer; the first: {results[0].error}. "
            "Nothing was published; materialize the asset again.",
            allow_retries=False,
        )


def _report_metadata(published: Published) -> Metadata:
    return {
        "report": dg.MetadataValue.path(published.path_of(assets.REPORT_HTML_FILE)),
        "figures": dg.MetadataValue.md(published.file(assets.REPORT_MARKDOWN_FILE).decode()),
    }
