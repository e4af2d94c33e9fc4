"""What social services keep of a case, as plain frozen values: one class per table, one field per column.

Times are wire text. Anything about a person is in a `bytes` field, encrypted under the key of her referral.
"""
