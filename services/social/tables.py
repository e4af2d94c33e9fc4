"""Social services keep nothing beyond the tables of the chassis: beds and stays are kept where they are run.

A table of this sector's own would be declared here, with a registry of its own, so that it never appears in another
agency's database.
"""
