"""The people who work with a deployable: accounts, roles, sessions. Cases are elsewhere."""
