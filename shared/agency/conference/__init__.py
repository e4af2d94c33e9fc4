"""Case conferences (COO-01): one room for all four sectors.

Whoever works on a case calls one and invites agencies, each by a referral of its own under her consent, compartment by
compartment. What is agreed are actions with an owner and a day; minutes hold nothing else. An action travels sealed to
its owner, who reports it the same way: the gateway learns neither.
"""
