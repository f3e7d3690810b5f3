"""Metrics, bootstrap intervals, the verdict on a model, and the model card."""
