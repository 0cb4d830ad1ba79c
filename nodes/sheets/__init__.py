"""Books of spreadsheets: read into rows that a verb can record, with every mistake named by its cell."""
