"""Suppression of small counts on a public page."""
