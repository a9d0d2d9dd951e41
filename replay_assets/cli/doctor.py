"""Checks what a first run needs: source, mapping, candidates, endpoints; names a fix per fault."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict

import click
from rich import box
from rich.table import Table
from rich.text import Text

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.cli.display import console
from replay_assets.contracts.diagnosis import Diagnosis, Status
from replay_assets.contracts.export_policy import load_export_policy
from replay_assets.contracts.gate_policy import load_policy
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.errors import ConfigurationError, TimeZoneError
from replay_assets.evidence.trial import try_newest_day
from replay_assets.feedback.labels import shipped_labels
from replay_assets.feedback.report import read_labelled
from replay_assets.inference import probe
from replay_assets.lake import Store
from replay_assets.sanitizing import load_canaries, rules_of
from replay_assets.settings import HUMAN_LABELS, Settings, named_file, read_secret, read_variable
from replay_assets.source import (
    IncidentDatabase,
    count_orphans,
    examine_source,
    load_mapping,
)

COLOURS: dict[Status, str] = {"ok": "green", "warn": "yellow", "fail": "red"}
REJECTS_KEY = (401, 403)


def examine(*, offline: bool) -> list[Diagnosis]:
    """Check files, source and candidates; their endpoints only if not offline."""
    settings = Settings.from_environment()
    unreadable = list(_files(settings))
    # The source is judged by the words of the vocabulary.
    source = () if any(one.check == "vocabulary" for one in unreadable) else _source(settings)
    return [*unreadable, *source, *_candidates(settings, offline=offline)]


def show(findings: list[Diagnosis], *, as_json: bool) -> None:
    """Print findings as a table with SQL statements to paste, or as JSON."""
    if as_json:
        ok = all(one.status != "fail" for one in findings)
        content = {"ok": ok, "findings": [asdict(one) for one in findings]}
        click.echo(json.dumps(content, ensure_ascii=False, indent=2))
    else:
        _show_table(findings)


def _files(settings: Settings) -> Iterator[Diagnosis]:
    """Yield the files that every run reads and that can't be used."""
    readers: dict[str, Callable[[], object]] = {
        "vocabulary": lambda: load_vocabulary(settings.vocabulary),
        "policy": lambda: load_policy(settings.policy),
        "rules": lambda: rules_of(settings.rules),
        "canaries": lambda: load_canaries(settings.canaries),
        "export": lambda: load_export_policy(settings.export),
        "human_labels": _human_labels,
    }
    for name, read in readers.items():
        try:
            read()
        except ConfigurationError as error:
            cure = f"correct the file that REPLAY_{name.upper()} names"
            yield Diagnosis(name, "fail", str(error), cure)


def _human_labels() -> object:
    path = named_file(HUMAN_LABELS)
    return None if path is None else read_labelled(path, shipped_labels())


def _source(settings: Settings) -> Iterator[Diagnosis]:
    try:
        mapping = load_mapping(settings.mapping)
    except ConfigurationError as error:
        yield Diagnosis("mapping", "fail", str(error), "correct the file that REPLAY_MAPPING names")
        return
    says = f"mapping file {settings.mapping}" if settings.mapping else "no mapping: default names"
    yield Diagnosis("mapping", "ok", says)
    yield _zone_of_days(settings)
    try:
        with IncidentDatabase(settings.source_url, mapping) as database:
            findings = examine_source(database, load_vocabulary(settings.vocabulary))
            yield from findings
            if not any(one.status == "fail" for one in findings):
                yield from try_newest_day(database, settings.timezone, settings.max_text_bytes)
                yield from _rows_of_no_day(database, settings)
    except ConfigurationError as error:
        yield Diagnosis("connection", "fail", str(error))


def _rows_of_no_day(database: IncidentDatabase, settings: Settings) -> Iterator[Diagnosis]:
    """Yield what `extract` reports of rows that it does not read."""
    counts = count_orphans(database, settings.first_day, settings.timezone).counts()
    if any(counts.values()):
        found = (f"{count} ({name.replace('_', ' ')})" for name, count in counts.items() if count)
        cure = "check the times and incident ids of these rows, and REPLAY_FIRST_DAY"
        yield Diagnosis("rows", "warn", f"rows that no day reads: {', '.join(found)}", cure)


def _zone_of_days(settings: Settings) -> Diagnosis:
    try:
        for url in (settings.lake, settings.evidence, settings.labels):
            Store(url, settings.timezone).require_zone()
    except TimeZoneError as error:
        return Diagnosis("time zone", "fail", str(error))
    return Diagnosis("time zone", "ok", f"days are those of {settings.timezone}")


def _candidates(settings: Settings, *, offline: bool) -> Iterator[Diagnosis]:
    try:
        catalogue = Catalogue.load(settings.candidates, read_variable)
    except ConfigurationError as error:
        yield Diagnosis("candidates", "fail", str(error), "correct the catalogue")
        return
    for candidate in catalogue:
        key = read_secret(candidate.api_key_env)
        if candidate.route is not None:  # its members are examined as candidates
            yield _route(candidate)
        elif candidate.api_key_env is not None and key is None:
            yield Diagnosis(
                "candidates",
                _of_a_missing_key(candidate),
                f"{candidate.id}: {candidate.api_key_env} is not set, so it is skipped",
                f"export {candidate.api_key_env} where Dagster runs",
            )
        elif candidate.embedded:
            yield Diagnosis("candidates", "ok", f"{candidate.id}: answers in this process")
        else:
            has = "needs no key" if key is None else f"{candidate.api_key_env} is set"
            where = candidate.url_of("/chat/completions")
            yield Diagnosis("candidates", "ok", f"{candidate.id}: {has}; requests go to {where}")
            if not offline:
                yield _endpoint(candidate, key)


def _route(route: Candidate) -> Diagnosis:
    names = f"{route.id}: asks {', else '.join(one.id for one in route.members)}"
    skipped = [one.id for one in route.members if not one.has_key(read_secret)]
    if not skipped:
        return Diagnosis("candidates", "ok", names)
    says = f"{names}; without a key, and skipped: {', '.join(skipped)}"
    cure = "export their keys where Dagster runs"
    return Diagnosis("candidates", _of_a_missing_key(route), says, cure)


def _of_a_missing_key(candidate: Candidate) -> Status:
    # No schedule needs the key of an entry that is only replayed by name.
    return "warn" if candidate.scheduled else "ok"


def _endpoint(candidate: Candidate, key: str | None) -> Diagnosis:
    where = f"{candidate.id}: {candidate.base_url}"
    try:
        found = probe(candidate, api_key=key)
    except ConfigurationError as error:
        return Diagnosis("endpoints", "fail", str(error))
    if found.status is None:
        # A server that is not in a schedule is often started by hand, and may be off now.
        status: Status = "fail" if candidate.scheduled else "warn"
        says = f"{where} does not answer ({found.problem})"
        return Diagnosis("endpoints", status, says, "check base_url, the server and the network")
    if found.status in REJECTS_KEY:
        cure = f"check the key in {candidate.api_key_env or 'api_key_env (not set)'}"
        return Diagnosis("endpoints", "fail", f"{where} rejects the key ({found.status})", cure)
    if not found.models:
        says = f"{where} answered {found.status} without a list of models{found.problem and ': '}"
        cure = "try it with one pack, or check base_url: most servers need /v1 at its end"
        return Diagnosis("endpoints", "warn", says + found.problem, cure)
    if candidate.model and candidate.model not in found.models:
        says = f"{where} does not list {candidate.model} among its {len(found.models)} models"
        return Diagnosis("endpoints", "warn", says, "check model; some servers do not list all")
    if not candidate.model and len(found.models) > 1:  # a judge may leave it to its endpoint
        says = f"{where} lists {len(found.models)} models, and the entry names none"
        return Diagnosis("endpoints", "fail", says, "set model in the catalogue to one of them")
    model = candidate.model or found.models[0]
    return Diagnosis("endpoints", "ok", f"{where} answers, and lists {model}")


def _show_table(findings: list[Diagnosis]) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("", "check", "finding", "fix"):
        table.add_column(column)
    for one in findings:
        cure = one.cure or ""
        table.add_row(Text(one.status, COLOURS[one.status]), one.check, Text(one.says), Text(cure))
    console.print(table)
    statements = [one.statement for one in findings if one.statement]
    if statements:
        console.print("To paste:")
        for statement in statements:
            # Not wrapped, so that it can be pasted.
            console.print(statement, markup=False, highlight=False, soft_wrap=True)
    counts = {status: sum(one.status == status for one in findings) for status in COLOURS}
    console.print(f"{counts['ok']} ok, {counts['warn']} warnings, {counts['fail']} failed")
