"""`export`: training files of any range of days, and whether a file keeps a trainer's rules."""

from pathlib import Path

import click


@click.command()
@click.option("--from", "first", metavar="DATE", help="The first day, YYYY-MM-DD.")
@click.option("--to", "last", metavar="DATE", help="The last day, YYYY-MM-DD.")
@click.option(
    "--flavour",
    "flavours",
    multiple=True,
    metavar="NAME",
    help="A flavour to write, such as tools.hf; may be repeated. Default: those of the settings. "
    "With --check, the flavour that the file must keep the rules of.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files; default: data/exports.",
)
@click.option(
    "--check",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Judge a file instead: which lines a trainer would reject or drop, and by which rule.",
)
def export(
    first: str | None,
    last: str | None,
    flavours: tuple[str, ...],
    out: Path | None,
    file: Path | None,
) -> None:
    """Write training files from the days of the lake, for one or several kinds of trainers.

    Each flavour has a file for training and one for validation, named by its content, and next to
    each a lineage file. The manifest is written last. With --check, exit status 1 means that a line
    breaks a rule.
    """
    from replay_assets.cli.export import check, export_days

    if file is not None:
        if first or last or out:
            raise click.UsageError("--check FILE judges a file: leave out --from, --to and --out")
        if len(flavours) > 1:
            raise click.UsageError("--check FILE judges a file by one --flavour")
        if not check(file, flavours[0] if flavours else None):
            raise click.exceptions.Exit(1)
        return
    if first is None or last is None:
        raise click.UsageError("--from and --to are required, or --check FILE")
    export_days(first, last, flavours, out)
