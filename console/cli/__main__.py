"""``python -m console.cli`` runs the program quanmai where its script is not on the path."""

from console.cli import main

main()
