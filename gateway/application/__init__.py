"""The use cases: each takes a desk and a command, and admits or refuses it in one unit of work."""
