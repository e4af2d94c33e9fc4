"""Identifiers, time, waits, encodings and errors. The standard library and two writers of JSON; stands on nothing."""
