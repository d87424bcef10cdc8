"""`python -m osmscope` is `osmscope`."""

from osmscope.cli.main import main

main()
