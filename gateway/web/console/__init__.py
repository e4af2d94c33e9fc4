"""The console of oversight: chains, refusals, clocks, the ledger, counts. No case data is here to be seen."""
