"""The gateway's doors to the world: tables, desk, directory in memory, delivery."""
