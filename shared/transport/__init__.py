"""The door to other machines: peers over HTTP, the gateway's client, signed webhooks. `httpx` lives here only."""
