"""Every command, one per module: its arguments, its help, and a call of the module with the work.

That module is imported inside the command's body, so that a help page loads only click.
"""

from replay_assets.cli.commands.agent_replay import agent_replay
from replay_assets.cli.commands.backfill import backfill
from replay_assets.cli.commands.demo import demo
from replay_assets.cli.commands.doctor import doctor
from replay_assets.cli.commands.export import export
from replay_assets.cli.commands.extract import extract
from replay_assets.cli.commands.judge import judge
from replay_assets.cli.commands.load import load
from replay_assets.cli.commands.replay import replay
from replay_assets.cli.commands.reveal import reveal
from replay_assets.cli.commands.serve_stand_in import serve_stand_in
from replay_assets.cli.commands.tool_calling import tool_calling
from replay_assets.cli.commands.ui import ui
from replay_assets.cli.commands.verdict import verdict

__all__ = ["COMMANDS"]

COMMANDS = [
    agent_replay,
    backfill,
    demo,
    doctor,
    export,
    extract,
    judge,
    load,
    replay,
    reveal,
    serve_stand_in,
    tool_calling,
    ui,
    verdict,
]
