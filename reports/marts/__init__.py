"""Read the marts: a query and a row class for each subject."""
