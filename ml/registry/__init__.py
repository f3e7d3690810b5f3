"""Model folders, and the tables of raw.db that describe them."""
