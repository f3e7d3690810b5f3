"""The command line: loading, building, publishing, and the order they go in."""
