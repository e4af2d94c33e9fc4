"""The rules of the police: pure functions over what is on record, each citing a rule of `rules.toml`."""
