"""Data that is shipped with the program. Each folder has an ORIGIN.md: where each file is from and its licence."""
