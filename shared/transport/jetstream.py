"""The one door to NATS JetStream: one stream, a subject and a durable consumer for each agency.

Owns the names and the shape of the stream: work-queue retention (what is acknowledged is gone), a subject for each
agency, `KEPT_SECONDS` as the longest that anything stays. Promises that a broker that is away is a `PeerUnavailable`
at once, and is connected again in the background. Refuses to be believed: the broker acknowledges before it writes
to disk, so what it holds is durable by its replicas alone, and whoever publishes keeps the original.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ssl import SSLError
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import NotFoundError, ServerError

from shared.kernel.clock import to_wire
from shared.kernel.errors import PeerUnavailable
from shared.telemetry.logs import get_logger
from shared.transport.broker_settings import BrokerAccess
from shared.transport.parcels import ACK_WAIT, AHEAD, KEPT_SECONDS, SAME_WITHIN, STREAM, SUBJECT

_ANSWER_WITHIN: Final = 3.0
_RETRY_SECONDS: Final = 0.5

_log = get_logger("broker")


@dataclass(frozen=True, slots=True)
class Parcel:
    """What the broker handed out: the number of a message, what stands beside it, its text where that is there too."""

    message_id: str
    facts: Mapping[str, str]
    body: bytes
    tries: int
    _msg: Msg

    async def done(self) -> None:
        """Let the broker forget it. Raises `PeerUnavailable` (`broker.unreachable`)."""
        with _reached():
            await self._msg.ack()

    async def again(self, *, after: float) -> None:
        """Have it handed out again in so many seconds. Raises as `done`."""
        with _reached():
            await self._msg.nak(delay=after)


class Broker:
    """One connection to the broker. Made once per process, used on one event loop, closed at the end."""

    def __init__(self, access: BrokerAccess, *, name: str, replicas: int = 3) -> None:
        """`name` is who asks: replies come to an inbox of that name, which nobody else may listen to."""
        self._access = access
        self._name = name
        self._replicas = replicas
        self._client = Client()
        self._js = JetStreamContext(self._client, domain=access.domain, timeout=_ANSWER_WITHIN)
        self._connecting: asyncio.Task[None] | None = None
        self._created: str | None = None
        self._queues: dict[str, JetStreamContext.PullSubscription] = {}
        self._made: set[str] = set()

    @property
    def connected(self) -> bool:
        """Say whether a server of the broker answers."""
        return self._client.is_connected

    @property
    def serves(self) -> bool:
        """Say whether the stream took messages when it was looked for last: that needs a majority of the servers."""
        return self.connected and self._created is not None

    def start(self) -> None:
        """Begin to connect; go on trying for as long as it takes."""
        self._connecting = asyncio.create_task(self._connect(), name="broker-connect")

    async def close(self) -> None:
        """Let go of the connection. What was handed out and not acknowledged is handed out again."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        with suppress(NatsError, OSError, TimeoutError):
            await self._client.close()

    async def stream(self) -> str:
        """Make sure of the stream; return when it was made, which tells one from another of the same name.

        Raises `PeerUnavailable` (`broker.unreachable`).
        """
        try:
            with self._asked():
                info = await self._found_or_made()
        except PeerUnavailable:
            self._created = None
            raise
        created = to_wire(info.created) if info.created else ""
        if created != self._created:
            self._created = created
            self._made.clear()
        return created

    async def queue(self, agency_id: str) -> None:
        """Make sure of an agency's durable consumer. Raises as `stream`."""
        if agency_id in self._made:
            return
        with self._asked():
            await self._js.add_consumer(STREAM, _consumer(agency_id), timeout=_ANSWER_WITHIN)
        self._made.add(agency_id)

    async def put(self, agency_id: str, key: str, facts: Mapping[str, str], body: bytes) -> int:
        """Publish one message under its number `key`; return its place in the stream once the replicas have it.

        A number published within `SAME_WITHIN` is not stored again, unless it was taken out meanwhile. Raises as
        `stream`.
        """
        subject, headers = SUBJECT + agency_id, {"Nats-Msg-Id": key, **facts}
        with self._asked():
            ack = await self._js.publish(subject, body, stream=STREAM, headers=headers)
            if ack.duplicate and not await self._holds(ack.seq):
                headers["Nats-Msg-Id"] = f"{key}.{ack.seq}"
                ack = await self._js.publish(subject, body, stream=STREAM, headers=headers)
        return ack.seq

    async def take_out(self, place: int) -> None:
        """Remove what is at this place of the stream; nothing there is as good. Raises as `stream`."""
        with self._asked():
            try:
                await self._js.delete_msg(STREAM, place)
            except ServerError:
                if await self._holds(place):
                    raise

    async def empty(self, agency_id: str) -> None:
        """Remove all that waits for an agency, and its consumer: whoever still may connect finds nothing."""
        with self._asked():
            await self._js.purge_stream(STREAM, subject=SUBJECT + agency_id)
            with suppress(NotFoundError):
                await self._js.delete_consumer(STREAM, agency_id)
        self._made.discard(agency_id)

    async def fetch(self, agency_id: str, *, most: int, wait: float) -> list[Parcel]:
        """Return what is handed out for an agency, waiting so many seconds for the first. Raises as `stream`."""
        with self._asked():
            queue = self._queues.get(agency_id)
            if queue is None:
                queue = self._queues[agency_id] = await self._js.pull_subscribe_bind(agency_id, STREAM)
            try:
                found = await queue.fetch(most, timeout=wait)
            except NatsTimeout:
                return []
            except NatsError:
                self._made.discard(agency_id)
                raise
        return [_parcel(msg) for msg in found]

    async def _found_or_made(self) -> StreamInfo:
        try:
            info = await self._js.stream_info(STREAM)
        except NotFoundError:
            return await self._js.add_stream(_shape(self._replicas))
        if info.cluster is not None and not info.cluster.leader:
            raise _away()  # without a majority a server still tells of the stream, and takes nothing
        return info

    async def _holds(self, place: int) -> bool:
        try:
            await self._js.get_msg(STREAM, place)
        except NotFoundError:
            return False
        return True

    async def _connect(self) -> None:
        access = self._access
        await self._client.connect(
            servers=list(access.servers),
            name=self._name,
            user=access.user,
            password=access.password,
            tls=access.tls,
            inbox_prefix=f"_INBOX.{self._name}",
            max_reconnect_attempts=-1,
            reconnect_time_wait=_RETRY_SECONDS,  # type: ignore[arg-type]  # it is slept, and may be a fraction
            connect_timeout=2,
            ping_interval=5,
            error_cb=_note_error,
            disconnected_cb=_note_lost,
            reconnected_cb=_note_back,
        )
        _log.info("broker.connected")

    @contextmanager
    def _asked(self) -> Iterator[None]:
        if not self.connected:
            raise _away()
        with _reached():
            yield


def _shape(replicas: int) -> StreamConfig:
    return StreamConfig(
        name=STREAM,
        subjects=[f"{SUBJECT}*"],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_age=KEPT_SECONDS,
        duplicate_window=SAME_WITHIN,
        num_replicas=replicas,
    )


def _consumer(agency_id: str) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=agency_id,
        filter_subject=SUBJECT + agency_id,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT,
        max_deliver=-1,
        max_ack_pending=AHEAD,
    )


def _parcel(msg: Msg) -> Parcel:
    facts = msg.headers or {}
    return Parcel(facts.get("Mesh-Message", ""), facts, msg.data, msg.metadata.num_delivered, msg)


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (NatsError, OSError, TimeoutError) as fault:
        raise _away() from fault


def _away() -> PeerUnavailable:
    return PeerUnavailable("broker.unreachable", "The message broker does not answer now. Try again later.")


async def _note_error(fault: Exception) -> None:
    if isinstance(fault, SSLError):
        _log.warning("broker.untrusted", code=fault.reason or type(fault).__name__)
    else:
        _log.info("broker.trouble", code=type(fault).__name__)


async def _note_lost() -> None:
    _log.warning("broker.lost")


async def _note_back() -> None:
    _log.info("broker.connected")
