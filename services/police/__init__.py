"""The police: protection, reports, statements, forensic orders, verification of trafficking."""
