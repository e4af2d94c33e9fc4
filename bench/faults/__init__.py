"""The fault harness: real processes, faults from outside, and an oracle that believes nothing but what it saw.

How to run it and what it shows is told in docs/explanation/fault-harness.md; what it saw, in docs/evidence/faults.md.
"""
