"""Files that a tool returned: the original system names them in the tool's output."""

import json
import re

from replay_assets.replay.agent.tools.tool_call import Attachment

_MARK = re.compile(r"__tools_attachment__=(\{[^{}]*\})")


def attachments_in(text: str) -> tuple[Attachment, ...]:
    """Return the files that a recorded output names, in its order."""
    found = []
    for match in _MARK.finditer(text):
        try:
            value = json.loads(match[1])
        except ValueError:  # the recording was cut here
            continue
        path, mime_type = value.get("filepath"), value.get("mimetype")
        if isinstance(path, str) and isinstance(mime_type, str):
            found.append(Attachment(path, mime_type))
    return tuple(found)
