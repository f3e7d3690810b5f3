"""Endpoints of the API, by subject."""
