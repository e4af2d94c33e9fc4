"""The rules of health services: pure functions over what is on record, each citing a rule of `rules.toml`."""
