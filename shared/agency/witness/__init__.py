"""The agency as a witness of the gateway's ledger."""
