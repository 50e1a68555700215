"""Sources that a conference system pulls."""
