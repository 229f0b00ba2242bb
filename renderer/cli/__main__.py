"""`python -m renderer.cli`: the command `barkline` where its script is not installed."""

from renderer.cli import main

main()
