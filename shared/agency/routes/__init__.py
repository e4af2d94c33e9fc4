"""The HTTP edge of an agency service: wire contract section 7."""
