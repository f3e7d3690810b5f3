"""Read features and cut their dates into training, validation and test windows."""
