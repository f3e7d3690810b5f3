"""Spark: a session, its raw tables, and the engine."""
