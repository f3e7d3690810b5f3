"""The purchase forecast: point-in-time features in, probabilities and honest figures out."""
