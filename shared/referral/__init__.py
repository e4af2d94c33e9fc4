"""What happens to a referral after it was sent: lifecycle, deadlines, chain, and who is kept out of it.

Pure functions over the procedure's data (fact sheet sections 4 and 7, wire contract sections 4 and 5).
"""
