"""The page: one module per section, and the widgets that sections share."""
