"""The templates of pages that people read: one way of escaping, and names that must exist."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from replay_assets.parsing.plain_text import markdown_cell, one_line


def page_templates(package: str) -> Environment:
    """Return the templates of a package; texts can't become markup or a new row of a table.

    Keep it: compiling templates takes longer than filling them.
    """
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(["html.j2"]),
        # A misspelled name must fail the page, not leave a gap in it.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"markdown": markdown_cell, "one_line": one_line}
    return environment
