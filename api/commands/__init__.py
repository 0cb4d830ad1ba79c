"""The verbs of the command line, one file for each kind of user. See api/cli.py for how they are put together."""
