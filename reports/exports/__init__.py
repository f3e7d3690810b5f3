"""CSV files of customers, and metadata for Datasette."""
