"""A dialogue of three calls, and a program that runs one as a new stage would.

Arguments: the endpoint's address, and the folder of the calls. Prints the record, and which modules
of other stages or of Dagster are loaded.
"""

import sys
from pathlib import Path

from replay_assets.candidates import Candidate
from replay_assets.inference import Batch, Dialogue, Question, RunStores, run_batch

STEPS = 3
NOT_NEEDED = ("replay", "request_packs", "evaluation", "finetune", "contracts.request")


def chain(topic: str) -> Dialogue[list[str]]:
    """Ask three times, each time with the answers before in the conversation."""
    messages = [{"role": "user", "content": topic}]
    said: list[str] = []
    for _ in range(STEPS):
        call = yield Question(list(messages))
        content = (call.completion and call.completion.content) or call.outcome
        said.append(content)
        messages += [{"role": "assistant", "content": content}, {"role": "user", "content": "more"}]
    return said


def main() -> None:
    """Run one dialogue."""
    base_url, folder = sys.argv[1], Path(sys.argv[2])
    asked = Candidate(id="chains", model="vendor/model", base_url=base_url)
    batch = Batch(
        work="chains",
        subject={"topics": ["a"]},
        prompt_version="1",
        dialogues=lambda: [chain("a")],
        size=1,
    )
    stores = RunStores.local(folder, shared=folder)
    records = run_batch(batch, list, candidate=asked, api_key=None, stores=stores)
    print(*records)
    loaded = [f"replay_assets.{name}" for name in NOT_NEEDED]
    print("modules:", [name for name in [*loaded, "dagster"] if name in sys.modules])


if __name__ == "__main__":
    main()
