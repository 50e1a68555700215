"""The planner of a running site: situations go to solver processes, plans come back as proposals."""
