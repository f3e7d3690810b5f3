"""Read-only HTTP API: JSON and CSV from the published marts, and the page."""
