"""The rules of legal aid: pure functions over what is on record, each citing a rule of `rules.toml`."""
