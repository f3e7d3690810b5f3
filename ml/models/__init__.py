"""Candidates, baselines and explanations of predictions."""
