"""The pages of an agency: inbox, referral, new referral, supervision, administration."""
