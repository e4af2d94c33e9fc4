"""Identifiers, time, encodings and errors. Standard library only; stands on nothing."""
