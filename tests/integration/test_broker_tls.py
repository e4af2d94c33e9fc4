"""TLS to the broker: both sides show a certificate; whoever shows a wrong one gets nowhere, and the log says so."""

import asyncio
import ipaddress
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.kernel.clock import SystemClock
from shared.kernel.errors import InternalFault, PeerUnavailable
from shared.transport.broker_settings import BrokerSettings, broker_access
from shared.transport.jetstream import Broker
from tests.support.broker import run
from tests.support.ports import free_ports

AGENCY, NUMBER = "social-th", "0192f0c1-0000-7000-8000-000000000001"


@dataclass(frozen=True)
class Authority:
    """Somebody who signs certificates, and where its own is."""

    name: str
    key: ec.EllipticCurvePrivateKey
    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / f"{self.name}.pem"

    def sign(self, name: str, key: ec.EllipticCurvePrivateKey, *, is_authority: bool = False) -> Path:
        """Write a certificate for this machine."""
        now = SystemClock().now()
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
        )
        file = self.folder / f"{name}.pem"
        file.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return file

    def issue(self, name: str) -> tuple[Path, Path]:
        """Write a certificate and its key; return both."""
        key = ec.generate_private_key(ec.SECP256R1())
        file = self.folder / f"{name}.key"
        plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(key.private_bytes(*plain))
        return self.sign(name, key), file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def ours(folder: Path) -> Authority:
    return authority("ours", folder)


@pytest.fixture(scope="module")
def server(nats_program: str, ours: Authority, folder: Path) -> Iterator[str]:
    """The address of a server that speaks TLS only, and asks for a certificate."""
    port, (certificate, key) = free_ports(), ours.issue("server")
    config = folder / "nats.conf"
    config.write_text(
        f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{folder / "store"}" }}\n'
        f'tls {{ cert_file: "{certificate}", key_file: "{key}", ca_file: "{ours.certificate}", verify: true }}\n'
    )
    process = run(config)
    yield f"nats://127.0.0.1:{port}"
    process.kill()
    process.wait()


async def test_message_goes_through_where_both_sides_know_each_other(server: str, ours: Authority) -> None:
    certificate, key = ours.issue("gateway")
    async with connecting(server, ours, certificate=certificate, key=key) as broker:
        async with asyncio.timeout(20):
            while not broker.connected:
                await asyncio.sleep(0.02)
        await broker.stream()
        await broker.queue(AGENCY)
        await broker.put(AGENCY, NUMBER, {"Mesh-Message": NUMBER}, b"sealed")
        (parcel,) = await broker.fetch(AGENCY, most=1, wait=5)
        assert (parcel.message_id, parcel.body) == (NUMBER, b"sealed")
        await parcel.done()


async def test_server_whose_certificate_another_signed_is_not_believed(
    server: str, ours: Authority, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = ours.issue("careful")
    async with connecting(server, authority("theirs", folder), certificate=certificate, key=key) as broker:
        await refused(broker, caplog)


async def test_who_shows_no_certificate_is_let_in_nowhere(
    server: str, ours: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async with connecting(server, ours) as broker:
        await refused(broker, caplog)


def test_certificates_that_cannot_be_read_keep_a_service_from_starting(ours: Authority, folder: Path) -> None:
    certificate, _ = ours.issue("first")
    _, other_key = ours.issue("second")
    for facts in (
        {"broker_ca": folder / "missing.pem"},
        {"broker_ca": ours.certificate, "broker_certificate": certificate, "broker_key": other_key},
    ):
        with pytest.raises(InternalFault, match=r"settings\.refused"):
            broker_access(BrokerSettings(broker="nats://127.0.0.1:4222", **facts))


def authority(name: str, folder: Path) -> Authority:
    """Somebody new who signs certificates."""
    made = Authority(name, ec.generate_private_key(ec.SECP256R1()), folder)
    made.sign(name, made.key, is_authority=True)
    return made


@asynccontextmanager
async def connecting(
    server: str, known: Authority, *, certificate: Path | None = None, key: Path | None = None
) -> AsyncIterator[Broker]:
    """Somebody who believes what `known` has signed, and shows a certificate or none."""
    facts = {"broker_ca": known.certificate, "broker_certificate": certificate, "broker_key": key}
    access = broker_access(BrokerSettings(broker=server, **facts))
    assert access is not None
    broker = Broker(access, name="gateway", replicas=1)
    broker.start()
    try:
        yield broker
    finally:
        await broker.close()


async def refused(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """Wait until the log says that the two do not trust each other; nothing can be asked then."""
    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(20):
            while "broker.untrusted" not in caplog.text:
                await asyncio.sleep(0.02)
    assert not broker.connected
    with pytest.raises(PeerUnavailable):
        await broker.stream()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
