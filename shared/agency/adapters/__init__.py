"""The chassis's records in SQL: the only part of it that knows rows and statements."""
