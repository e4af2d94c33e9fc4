"""The door to SQL: engines, rows of one transaction, and the writer that commits for many callers."""
