"""What legal aid do in a case: each act is one unit of work with its entry in the journal."""
