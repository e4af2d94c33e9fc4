"""The chassis that the four agency services stand on: one agency's keys, cases, outbox, inbox and API.

Owns what every agency does alike: sealing and signing what goes out, checking and opening what comes
in, keeping cases encrypted, answering partner systems. What is different about an agency stays in its
own folder under `services`.
"""
