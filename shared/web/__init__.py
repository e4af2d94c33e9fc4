"""The edge: how every deployable of the mesh speaks HTTP. Statuses, headers, bodies, tokens and documents live here."""
