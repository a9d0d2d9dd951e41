"""Which commands a plan may contain: a step is parsed and compared with a list, and never run."""

import re
import shlex
from functools import cache
from typing import ClassVar, Literal

from pydantic import Field

from replay_assets.contracts.record import Part, Record
from replay_assets.parsing.yaml_files import shipped_yaml

CommandFinding = Literal["allowed", "unreadable", "unknown_command", "incomplete", "forbidden"]


class Form(Part):
    """What a subcommand needs.

    Attributes:
        needs: the smallest number of parts after the subcommand, without options.
        first: the first part must be one of these, if any are listed.
        options: one of these options must be given, if any are listed.
        reads: whether it changes nothing; or the first parts with which it does not.
    """

    needs: int = Field(ge=0)
    first: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    reads: bool | tuple[str, ...] = False


class CommandRules(Record):
    """The allow list: subcommands by tool; and which commands change nothing."""

    VERSION: ClassVar[str] = "command_rules_v2"

    forbidden_text: tuple[str, ...]
    forbidden_options: tuple[str, ...]
    also_reads: dict[str, tuple[str, ...]]
    printing: frozenset[str]
    printing_without: dict[str, tuple[str, ...]]
    with_value: dict[str, str]
    tools: dict[str, dict[str, Form]]

    def commands_in(self, step: str) -> list[str]:
        """Return the commands that a step of a plan contains: in code marks, or as its text."""
        quoted = re.findall(r"`+([^`\n]+)`+", step)
        texts = quoted or [step.strip().removeprefix("$ ").strip()]
        return [text for text in texts if text.split(" ", 1)[0] in self.tools and " " in text]

    def check(self, command: str) -> CommandFinding:
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

    def only_reads(self, line: str) -> bool:
        """Return whether no command of a line changes anything; False if unsure."""
        commands = split_commands(line)
        return bool(commands) and all(map(self._reads, commands or ()))

    def _reads(self, command: list[str]) -> bool:
        program, *parts = command
        if program in self.printing:
            return True
        if program in self.printing_without:
            changing, values = self.printing_without[program], self.with_value.get(program, "")
            return not any(_has_option(part, changing, values) for part in parts)
        plain, _ = _separated(parts)
        if plain[:1] == ["exec"] and "--" in parts:
            inner = _without_prefix(parts[parts.index("--") + 1 :])
            return bool(inner) and self._reads(inner)
        if not plain:
            # `kubectl --help`, `kubectl`
            return program in self.tools
        form = self.tools.get(program, {}).get(plain[0])
        if form is not None and form.reads is not False:
            return form.reads is True or " ".join(plain[1:2]) in form.reads
        return not {plain[0], " ".join(plain[:2])}.isdisjoint(self.also_reads.get(program, ()))


_HIDES_A_COMMAND = re.compile(r"\$\(|`|<\(|\bsystem\s*\(")
PLACEHOLDER = re.compile(r"<([A-Z][A-Z_]{1,20}_[0-9]{1,6})>")
"""What sanitizing writes in place of a value."""
_KEPT = re.compile("\ue000([A-Z0-9_]+)\ue001")
_DISCARDED = re.compile(r"\s(?:[12]?>&[12]|[12&]?>>?\s*/dev/null)(?=[\s|;&]|$)")
_SEPARATORS = frozenset({"|", "||", "|&", "&&", "&", ";", ";;", "(", ")"})
_REDIRECTS = frozenset({">", ">>", "<", "<<", "<<<", "&>", ">|"})


def split_commands(line: str) -> list[list[str]] | None:
    """Return the commands of a line of a shell, each as its parts, without redirects.

    Returns:
        None if the line can't be read, or if it runs a command that is part of a text.
    """
    if _HIDES_A_COMMAND.search(line):
        return None
    # A shell would read a placeholder, `<HOST_1>`, as two redirects.
    line = PLACEHOLDER.sub("\ue000\\1\ue001", _DISCARDED.sub(" ", line.replace("\n", " ; ")))
    reader = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    reader.whitespace_split, reader.commenters = True, ""
    try:
        parts = [_KEPT.sub(r"<\1>", part) for part in reader]
    except ValueError:
        return None
    commands: list[list[str]] = [[]]
    skip = False
    for part in parts:
        if skip:
            skip = False
        elif part in _SEPARATORS:
            commands.append([])
        elif part in _REDIRECTS:
            skip = True
        else:
            commands[-1].append(part)
    return [without for command in commands if (without := _without_prefix(command))]


_PREFIXES = frozenset({"$", "#", "sudo", "time", "xargs", "env", "nohup"})


def _without_prefix(command: list[str]) -> list[str]:
    """Return a command without what may be written before it: `$`, sudo, variables."""
    for at, part in enumerate(command):
        if part not in _PREFIXES and not re.match(r"[A-Za-z_]\w*=", part):
            return command[at:]
    return command[-1:]  # `env` alone prints


def _has_option(part: str, options: tuple[str, ...], with_value: str) -> bool:
    """Return whether a part is one of some options, alone, with its value or among short ones."""
    if part.split("=", 1)[0] in options:
        return True
    if not part.startswith("-") or part.startswith("--"):
        return False
    for letter in part[1:]:
        if f"-{letter}" in options:
            return True
        if letter in with_value:
            return False
    return False


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
