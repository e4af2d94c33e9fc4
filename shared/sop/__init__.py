"""The operating procedure as dated, cited data, and the types that hold it.

Derived from the UN Essential Services Package (2015), Vietnamese law and inter-agency GBV guidance.
It is not the SOP of 2023 and not the law: each rule carries the basis it was derived from.
"""
