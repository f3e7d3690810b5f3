"""Trained models on disk and the tables of raw.db that describe them."""
