"""What the gateway and the agencies agree on about the message broker: the names in it, and its limits.

Stands apart from the broker's client (`shared.transport.jetstream`), which only a process that has a broker imports.
"""

from typing import Final

STREAM: Final = "MESH"
#: Followed by the agency's id, which is one token of a subject.
SUBJECT: Final = "mesh.deliver."
#: Nothing stays longer in the broker, whoever fails to take it out.
KEPT_SECONDS: Final = 600.0
#: Within this time the same number is the same message; an outage is longer, and recipients take a message once anyway.
SAME_WITHIN: Final = 120.0
#: How many messages one agency may have in the broker: the rest waits in the outbox.
AHEAD: Final = 256
#: A parcel that nobody speaks of for so long is handed out again.
ACK_WAIT: Final = 10.0
