"""The hub: admits, records, routes, delivers. Blind to case data; forgets ciphertext after delivery."""
