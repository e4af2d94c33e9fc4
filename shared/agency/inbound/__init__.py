"""What the gateway delivers: checked by the recipient itself, kept durably, then signed for."""
