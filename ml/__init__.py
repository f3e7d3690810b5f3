"""The purchase forecast: point-in-time features, candidate models, their evaluation and scoring."""
