"""Releases: marts, page and files that switch together."""
