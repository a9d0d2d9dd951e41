"""Brings calls that ask for the same into one form, so that recordings can be looked up.

The order of arguments, defaults, other names of kinds and parameters, and whether a read is written
as a typed call or as a kubectl command do not matter. The forms are in `contracts/tool_forms.yaml`.
"""

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from replay_assets.contracts.commands import split_commands
from replay_assets.contracts.tool_forms import ToolForm, ToolForms, shipped_forms

Asked = frozenset[tuple[str, str]]
"""What a call asks for: its verb, and fields with their values as text."""
WILDCARD = "*"
"""A recorded argument that means any value."""
_KIND_AND_NAME = re.compile(r"([A-Za-z][A-Za-z.]*)/(.+)")
_PLACEHOLDER = re.compile(r"[<\[{(]?\b([A-Z][A-Z_]{1,20}_[0-9]{1,6})\b[>\])}]?")
_ABOUT = {"involvedObject.name": "about", "involvedObject.kind": "about_kind"}


def asked(tool: str, arguments: Mapping[str, Any], forms: ToolForms | None = None) -> Asked:
    """Return what a call asks for, in the one form in which calls are compared."""
    forms = forms or shipped_forms()
    command = forms.command_of(tool, arguments)
    if command is not None:
        return asked_by_command(command, forms)
    # Sorted, because two parameters may give the same field.
    texts = {name: _text(arguments[name]) for name in sorted(arguments)}
    form = forms.tools.get(tool)
    if form is None:
        return _without_defaults({**texts, "tool": tool}, forms)
    fields = {forms.field_of.get(name, name): value for name, value in texts.items()}
    return _canonical({**fields, "verb": form.verb, **form.given}, forms, form)


def asked_by_command(line: str, forms: ToolForms | None = None) -> Asked:
    """Return what a command asks for; another program's is compared as it is written."""
    forms = forms or shipped_forms()
    line = _with_placeholders(line)
    commands = split_commands(line)
    if not commands or commands[0][0] != forms.kubectl:
        return frozenset({("command", " ".join(line.split()))})
    fields = _options(commands[0][1:], forms)
    if fields.get("verb") == "events":
        fields |= {"verb": "get", "resource": "events"}
    return _canonical({**fields, **_filters(commands[1:])}, forms, None)


def _filters(commands: list[list[str]]) -> dict[str, str]:
    """Return what a pipe does with the output: `grep word`, or the commands as they are."""
    if not commands:
        return {}
    parts = [part for part in commands[0] if part not in ("-i", "-E", "--color=never")]
    if len(commands) == 1 and len(parts) == 2 and parts[0] in ("grep", "egrep"):
        return {"grep": parts[1]}
    return {"pipe": " | ".join(" ".join(command) for command in commands)}


def _options(parts: list[str], forms: ToolForms) -> dict[str, str]:
    """Return the fields of a kubectl command: its verb, resource and names, and its options."""
    plain: list[str] = []
    fields: dict[str, str] = {}
    waiting: str | None = None
    for part in parts:
        if waiting is not None:
            fields[waiting], waiting = part, None
        elif not part.startswith("-") or part == "-":
            plain.append(part)
        else:
            name, value = _option(part, forms)
            if value is None and name not in forms.options_without_value:
                waiting = name
            else:
                fields[name] = "true" if value is None else value
    return {**_plain_fields(plain), **fields}


def _option(part: str, forms: ToolForms) -> tuple[str, str | None]:
    """Return the field of an option, and its value if it is in the same part."""
    if part.startswith("--"):
        name, equals, value = part[2:].partition("=")
        name = name.replace("-", "_")
        return forms.field_of.get(name, name), value if equals else None
    name = forms.options.get(part[1], part[1])
    return name, part[2:].removeprefix("=") or None


def _plain_fields(plain: list[str]) -> dict[str, str]:
    verb, *rest = plain or [""]
    if verb in ("logs", "log"):
        return {"verb": "logs", "name": ",".join(rest[:1])} | (
            {"container": rest[1]} if rest[1:] else {}
        )
    if rest and "/" in rest[0]:
        return {"verb": verb, "name": ",".join(rest)}
    resource, *names = rest or [""]
    return {"verb": verb, "resource": resource, "name": ",".join(names)}


def _canonical(fields: dict[str, str], forms: ToolForms, form: ToolForm | None) -> Asked:
    """Return fields with one name for each kind of resource, and without defaults."""
    fields |= _kind_and_name(fields.get("name", ""), fields, forms)
    if form is not None and form.about:
        fields |= {"about": fields.pop("name", ""), "about_kind": ""}
        fields |= form.given
    fields |= _about(fields)
    if fields["verb"] == "metrics" and fields.get("query") in ("pods", "nodes"):
        fields |= {"verb": "top", "resource": fields.pop("query")}
    if "resource" in fields:
        kinds = sorted({_kind(one, forms) for one in fields["resource"].split(",")})
        fields["resource"] = ",".join(kinds)
        if fields["verb"] == "logs" and fields["resource"] == "pods":
            fields["resource"] = ""
        if forms.cluster_kinds.issuperset(kinds):
            fields |= {"namespace": "", "all_namespaces": ""}
    if fields.get("all_namespaces") == "true":
        fields["namespace"] = ""
    return _without_defaults(fields, forms)


def _kind_and_name(name: str, fields: dict[str, str], forms: ToolForms) -> dict[str, str]:
    """Return `resource` and `name` of a name such as `deployment/web`, or of several."""
    found = [match for one in name.split(",") if (match := _KIND_AND_NAME.fullmatch(one))]
    if not found:
        return {"name": ",".join(sorted(name.split(",")))} if name else {}
    kinds = ",".join(sorted({_kind(match[1], forms) for match in found}))
    return {"resource": kinds, "name": ",".join(sorted(match[2] for match in found))}


def _about(fields: dict[str, str]) -> dict[str, str]:
    """Return what events are about, from a field selector or from `--for`.

    The kind is left out: names of one namespace rarely occur with two kinds.
    """
    if match := _KIND_AND_NAME.fullmatch(fields.get("about", "")):
        return {"about": match[2]}
    pairs = [one.partition("=") for one in fields.get("field_selector", "").split(",")]
    if not all(name in _ABOUT for name, _, _ in pairs):
        return {}
    about = {_ABOUT[name]: value.removeprefix("=") for name, _, value in pairs}
    return {"field_selector": "", "about": about.get("about", ""), "about_kind": ""}


def _kind(name: str, forms: ToolForms) -> str:
    folded = name.strip().lower()
    # `deployment.apps`: an API group follows the kind.
    return forms.kind_of.get(folded) or forms.kind_of.get(folded.split(".", 1)[0], folded)


def _without_defaults(fields: Mapping[str, str], forms: ToolForms) -> Asked:
    return frozenset(
        (name, value)
        for name, value in fields.items()
        if value != "" and name not in forms.ignored and forms.defaults.get(name) != value
    )


def _text(value: object) -> str:
    """Return an argument as text; a number is the same as its digits, true as `true`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str):
        text = _with_placeholders(" ".join(value.split()))
        return text.lower() if text in ("True", "False") else text
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ",".join(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _with_placeholders(text: str) -> str:
    """Return a text with placeholders as the pack writes them: models also write `[HOST_1]`."""
    return _PLACEHOLDER.sub(r"<\1>", html.unescape(text))


def wildcards(asked_for: Asked) -> frozenset[str]:
    """Return the fields of a recorded call that may have any value."""
    return frozenset(name for name, value in asked_for if value == WILDCARD)


def without(asked_for: Asked, fields: frozenset[str]) -> Asked:
    """Return what is asked for without the given fields."""
    return frozenset((name, value) for name, value in asked_for if name not in fields)
