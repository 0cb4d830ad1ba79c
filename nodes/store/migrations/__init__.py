"""How the schema came to be: one file for each revision, run by migrate.py."""
