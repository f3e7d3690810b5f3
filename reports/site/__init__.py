"""Write the page, its assets and its data files."""
