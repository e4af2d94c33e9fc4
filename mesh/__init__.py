"""The whole mesh on one machine: start it, stop it, prove it. The only room that knows all the others."""
