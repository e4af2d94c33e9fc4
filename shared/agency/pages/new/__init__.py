"""A new referral in five calm steps: what she wants, her consent, whom, what, and a last look before it is sent."""
