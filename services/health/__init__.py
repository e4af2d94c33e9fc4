"""Health services: treatment, post-rape care, forensic examination, certificates, mental health."""
