"""What a sector's own casework stands on: its rules, its records, its acts and their journal, its clocks.

Owns how an act of a profession becomes durable, logged and answered. What is done, and by which rule, stays in the
agency's own folder.
"""
