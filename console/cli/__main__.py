"""``python -m console.cli``: the same as the program quanmai, where its script is not on the path."""

from console.cli import main

main()
