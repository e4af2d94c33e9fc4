"""Traces, metrics and logs that show what the mesh does and never whom it does it for."""
