"""`python -m senti`."""

from senti.cli import main

main()
