"""Read files of any format into raw tables."""
