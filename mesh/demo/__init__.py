"""One whole story, told over HTTP against a running mesh, each step checked and the ledger verified at its end."""
