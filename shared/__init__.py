"""What two deployables must agree on, in named and ordered rooms."""
