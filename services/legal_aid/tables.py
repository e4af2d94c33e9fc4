"""Legal aid keeps nothing beyond the tables of the chassis: files of proceedings stay with the lawyer.

A table of this sector's own would be declared here, with a registry of its own, so that it never appears in another
agency's database.
"""
