"""The page and the CSV files: rows of the marts in, HTML and CSV out."""
