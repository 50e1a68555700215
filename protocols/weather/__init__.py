"""Weather reports: one format each."""
