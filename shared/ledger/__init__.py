"""The ledger as mathematics: tree, proofs, entries, checkpoints, tiles, and a verifier that needs nothing else."""
