"""The rules of social services: pure functions over what is on record, each citing a rule of `rules.toml`."""
