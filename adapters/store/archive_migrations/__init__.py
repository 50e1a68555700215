"""Steps of the archive table's schema; the journal's are in migrations/."""
