"""The police keep nothing beyond the tables of the chassis: their case files stay in their own systems.

A table of this sector's own would be declared here, with a registry of its own, so that it never appears in another
agency's database.
"""
