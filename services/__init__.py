"""The four kinds of agency. Each folder says only what is different about its kind."""
