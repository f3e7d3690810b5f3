"""A made-up shop with known purchase probabilities."""
