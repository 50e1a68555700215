"""Steps from each schema of the journal to the next. A step is never edited once it has been released."""
