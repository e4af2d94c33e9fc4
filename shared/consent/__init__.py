"""The consent decision: what a survivor agreed to, and whether one disclosure stays inside it.

Pure functions over the procedure's data. Rule R-15 (consent is per recipient, per compartment, per
purpose, time-limited) and R-16 (withdrawal works now) of the fact sheet are decided here and nowhere else.
"""
