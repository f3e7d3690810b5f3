"""Features, the temporal split into windows, sampling, and row classes of the stored tables."""
