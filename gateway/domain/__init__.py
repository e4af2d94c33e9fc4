"""What the gateway knows, as pure values: agencies, messages as they arrive, referrals as they stand."""
