"""The published marts over HTTP: JSON and CSV for programs, the page for people. Reads only."""
