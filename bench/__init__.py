"""What admission costs, measured beside the least it could cost. `make bench`; see README.md here."""
