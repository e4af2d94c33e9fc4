"""Health services keep nothing beyond the tables of the chassis: the medical record stays in the hospital.

A table of this sector's own would be declared here, with a registry of its own, so that it never appears in another
agency's database.
"""
