"""The gateway's edge: HTTP in, use cases, HTTP out."""
