"""Which commands a plan may contain: a step is parsed and compared with a list, and never run."""

import re
import shlex
from functools import cache
from typing import ClassVar, Literal

from pydantic import Field

from replay_assets.contracts.record import Part, Record
from replay_assets.parsing.yaml_files import shipped_yaml

Finding = Literal["allowed", "unreadable", "unknown_command", "incomplete", "forbidden"]


class Form(Part):
    """What a subcommand needs.

    Attributes:
        needs: the smallest number of parts after the subcommand, without options.
        first: the first part must be one of these, if any are listed.
        options: one of these options must be given, if any are listed.
    """

    needs: int = Field(ge=0)
    first: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


class CommandRules(Record):
    """The allow list: subcommands by tool."""

    VERSION: ClassVar[str] = "command_rules_v1"

    forbidden_text: tuple[str, ...]
    forbidden_options: tuple[str, ...]
    tools: dict[str, dict[str, Form]]

    def commands_in(self, step: str) -> list[str]:
        """Return the commands that a step of a plan contains: in code marks, or as its text."""
        quoted = re.findall(r"`+([^`\n]+)`+", step)
        texts = quoted or [step.strip().removeprefix("$ ").strip()]
        return [text for text in texts if text.split(" ", 1)[0] in self.tools and " " in text]

    def check(self, command: str) -> Finding:
        """Return whether a command may be part of a plan, or why not."""
        if any(one in command for one in self.forbidden_text):
            return "forbidden"
        try:
            tool, *parts = shlex.split(command)
        except ValueError:
            return "unreadable"
        plain, options = _separated(parts)
        forms = self.tools.get(tool)
        if not forms or not plain or plain[0] not in forms:
            return "unknown_command"
        if not options.isdisjoint(self.forbidden_options):
            return "forbidden"
        return "allowed" if _is_complete(forms[plain[0]], plain[1:], options) else "incomplete"


def _is_complete(form: Form, parts: list[str], options: set[str]) -> bool:
    named = {option.split("=", 1)[0] for option in options}
    return (
        len(parts) >= form.needs
        and (not form.first or parts[0] in form.first)
        and (not form.options or not named.isdisjoint(form.options))
    )


_WITH_VALUE = frozenset({"-n", "--namespace", "-l", "--selector", "-c", "--container", "-o",
                         "--output", "-f", "--filename", "-k", "--kustomize", "-p", "--patch",
                         "--type", "--replicas", "--context", "--tail", "--since"})  # fmt: skip
"""Options whose value may be the next part."""


def _separated(parts: list[str]) -> tuple[list[str], set[str]]:
    """Return the parts that are not options, and the options."""
    plain: list[str] = []
    options: set[str] = set()
    skip = False
    for part in parts:
        if skip:
            skip = False
        elif part.startswith("-"):
            options.add(part)
            skip = part in _WITH_VALUE
        else:
            # A resource may be written as one part, `deployment/web`.
            plain += part.split("/", 1) if "/" in part and "=" not in part else [part]
    return plain, options


@cache
def shipped_commands() -> CommandRules:
    """Return the allow list that comes with this package."""
    return CommandRules.read(shipped_yaml("replay_assets.contracts", "commands.yaml"))
