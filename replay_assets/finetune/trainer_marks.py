"""Marks that a trainer or a chat template would read as its own: their spelling is broken.

`<image>` in a command line ends the training of a vision model, and `<|im_end|>` in a log ends a
turn. Such texts stay readable: a blank follows their first character.
"""

import re
from collections.abc import Iterator

from replay_assets.parsing.reasoning import MARK as REASONING_MARK

BRACKETS = "<[◁"
"""Marks of reasoning that are not in brackets are sentences, which trainers do not look for."""
_MARK = re.compile(
    r"""
    <[|｜][^<>\s]{1,60}[|｜]>  # <|im_start|>, <|eot_id|>; DeepSeek has wide bars
  | </?(?:s|bos|eos|unk|pad|mask|sep|cls)>
  | </?(?:image|img|video|audio|box|ref|quad|point)(?:_\d+|_soft_token|_pad)?>
  | </?(?:start|end|begin)_of_[a-z_]+>  # Gemma: turn, image
  | </?(?:tools?|tool_calls?|tool_response|functions?|function_call|answer)>
  | </?(?:extra_id|reserved|unused|special)_?(?:token_?)?\d+>
  | <</?SYS>>
  | \[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_(?:CALLS|RESULTS|CONTENT)|ARGS|CALL_ID
      |IMG|IMG_BREAK|IMG_END|PREFIX|MIDDLE|SUFFIX)\]
  | ^\#\#\#[ ]*(?:Instruction|Input|Response|Human|Assistant|System|User):
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)


MEDIA_TAG = re.compile(r"</?(?:image|video|audio)>", re.IGNORECASE)
"""What LLaMA-Factory and others take for the place of an image, a video or audio."""


def break_marks(text: str, *, keep_media_tags: bool = False) -> str:
    """Return a text in which no mark is spelled as a trainer reads it.

    Args:
        text: the text.
        keep_media_tags: whether tags of images, videos and audio stay as they are.
    """

    def broken(mark: re.Match[str]) -> str:
        is_kept = keep_media_tags and MEDIA_TAG.fullmatch(mark[0]) is not None
        return mark[0] if is_kept else _broken(mark)

    return REASONING_MARK.sub(_broken_reasoning, _MARK.sub(broken, text))


def marks_in(text: str) -> Iterator[str]:
    """Yield the marks of a text, each as it is spelled there."""
    yield from (found[0] for found in _MARK.finditer(text))
    rest = _MARK.sub(_broken, text)
    yield from (one[0] for one in REASONING_MARK.finditer(rest) if one[0][0] in BRACKETS)


def _broken(mark: re.Match[str]) -> str:
    return f"{mark[0][0]} {mark[0][1:]}"


def _broken_reasoning(mark: re.Match[str]) -> str:
    return _broken(mark) if mark[0][0] in BRACKETS else mark[0]
