"""Whatever a partner system names, only what it may name is called, and what was judged is what is called."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.kernel.clock import SystemClock
from shared.kernel.errors import NotPermitted, PeerUnavailable
from shared.transport.peer import Peer
from shared.transport.reach import Reach, WithinReach

NAME = "receiver.test"
HERE = [ip_network("127.0.0.0/8")]
EVERYTHING = [ip_network("0.0.0.0/0"), ip_network("::/0")]
NOBODYS = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::a9fe:a9fe",
]
INSIDE = ["127.0.0.1", "::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1", "fec0::1", "192.0.2.1"]
DISGUISED = ["::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
PUBLIC = ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", NOBODYS)
def test_nobody_can_name_an_address_of_the_wire_of_a_group_or_of_a_cloud(address: str) -> None:
    assert not Reach(EVERYTHING).permits(address, is_encrypted=True)


@pytest.mark.parametrize("address", [*INSIDE, *DISGUISED])
@pytest.mark.parametrize("is_encrypted", [True, False])
def test_what_is_inside_is_called_only_where_the_operator_named_its_network(address: str, is_encrypted: bool) -> None:
    assert not Reach().permits(address, is_encrypted=is_encrypted)
    assert Reach(EVERYTHING).permits(address, is_encrypted=is_encrypted)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_called_with_encryption_alone(address: str) -> None:
    assert Reach().permits(address, is_encrypted=True)
    assert not Reach().permits(address, is_encrypted=False)


class Names:
    """A name server that says something else each time."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0)


class Server:
    """Says 204 to whoever comes, and keeps what they said."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


@asynccontextmanager
async def served(server: Server, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve on 127.0.0.1; yields the port."""
    listening = await asyncio.start_server(server, "127.0.0.1", 0, ssl=tls)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


async def test_the_address_that_was_judged_is_the_one_that_is_called() -> None:
    server, names = Server(), Names(["127.0.0.1"], ["169.254.169.254"])
    async with served(server) as port, Peer(f"http://{NAME}:{port}", reach=Reach(HERE, find=names)) as peer:
        assert (await peer.call("POST", "/told")).status == 204
        with pytest.raises(NotPermitted, match=r"webhook\.address"):
            await peer.call("POST", "/told")
    assert names.asked == [NAME, NAME]
    (heard,) = server.heard
    assert f"host: {NAME}:{port}" in heard.lower()


async def test_a_public_name_for_something_inside_is_not_called() -> None:
    server = Server()
    async with served(server) as port:
        reach = Reach([ip_network("10.0.0.0/8")], find=Names(["127.0.0.1"]))
        async with Peer(f"https://{NAME}:{port}", reach=reach) as peer:
            with pytest.raises(NotPermitted):
                await peer.call("POST", "/")
    assert server.heard == []


async def test_of_several_addresses_those_that_may_be_called_are_tried_in_turn() -> None:
    server, names = Server(), Names(["169.254.169.254", "127.0.0.2", "127.0.0.1"])
    async with served(server) as port, Peer(f"http://{NAME}:{port}", reach=Reach(HERE, find=names)) as peer:
        assert (await peer.call("POST", "/", content=b"{}")).status == 204


async def test_a_name_that_is_not_found_is_a_peer_that_is_away() -> None:
    def nothing(host: str) -> Sequence[str]:
        raise OSError

    async with Peer(f"https://{NAME}", reach=Reach(find=nothing)) as peer:
        with pytest.raises(PeerUnavailable):
            await peer.call("POST", "/")
    await Reach(find=nothing).check(f"https://{NAME}/told")  # it may be there later


@pytest.mark.parametrize(("name", "is_believed"), [(NAME, True), ("another.test", False)])
async def test_a_certificate_is_checked_against_the_name(tmp_path: Path, name: str, is_believed: bool) -> None:
    theirs, ours = certified(tmp_path, name)
    server, reach = Server(), Reach(HERE, find=lambda _host: ["127.0.0.1"])
    async with served(server, theirs) as port:
        transport = WithinReach(reach, httpx.AsyncHTTPTransport(verify=ours, trust_env=False))
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            peer = Peer(f"https://{NAME}:{port}", client=client)
            if is_believed:
                assert (await peer.call("POST", "/")).status == 204
            else:
                with pytest.raises(PeerUnavailable):
                    await peer.call("POST", "/")


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server needs to show itself by a name, and what a client needs to believe it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(file)
    return theirs, ssl.create_default_context(cafile=str(file))


async def look(reach: Reach, host: str) -> Sequence[str]:
    return await reach.addresses(host, is_encrypted=False)


async def test_a_name_server_that_does_not_answer_holds_up_its_own_name_alone() -> None:
    answered, names = threading.Event(), Names()

    def slow(host: str) -> Sequence[str]:
        if host == NAME:
            names.asked.append(host)
            answered.wait(30)
        return ["127.0.0.1"]

    reach = Reach(HERE, find=slow)
    waiting = [asyncio.create_task(look(reach, NAME)) for _ in range(100)]
    try:
        await asyncio.sleep(0)  # each of them has asked
        async with asyncio.timeout(10):
            assert await look(reach, "another.test") == ["127.0.0.1"]
    finally:
        answered.set()
    assert await asyncio.gather(*waiting) == [["127.0.0.1"]] * 100
    assert names.asked == [NAME]


async def test_names_without_number_that_are_only_named_hold_up_no_call() -> None:
    answered = threading.Event()

    def slow(host: str) -> Sequence[str]:
        if host.endswith(NAME):
            answered.wait(30)
        return ["127.0.0.1"]

    reach = Reach(HERE, find=slow)
    naming = [asyncio.create_task(reach.check(f"http://{number}.{NAME}/")) for number in range(100)]
    try:
        await asyncio.sleep(0)  # each of them has asked
        async with asyncio.timeout(10):
            assert await look(reach, "another.test") == ["127.0.0.1"]
    finally:
        answered.set()
    await asyncio.gather(*naming)
