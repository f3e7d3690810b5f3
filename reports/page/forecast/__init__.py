"""The section of the page about the forecast."""
