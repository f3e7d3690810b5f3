"""The movement section of the page."""
