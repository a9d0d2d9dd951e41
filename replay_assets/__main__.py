"""`python -m replay_assets` is the same program as `replay-assets`."""

from replay_assets.cli import main

main()
