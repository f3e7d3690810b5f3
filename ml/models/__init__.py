"""Estimators that give the probability of an order, and explanations of it."""
