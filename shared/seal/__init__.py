"""Keys, signatures, tokens, sealed compartments, encryption at rest. The one door to python-jose."""
