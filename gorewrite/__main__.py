"""`python -m gorewrite`."""

from gorewrite.cli import main

main()
