"""The database of one node: its tables, and the texts that read and write them."""
