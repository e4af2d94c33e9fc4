"""Where a call may go when somebody else chose its address: a partner system that names its webhook, for one.

Owns the judgement over addresses (CWE-918). Promises that the address that was judged is the one that is called,
whatever its name stands for a moment later, and that a certificate is still checked against the name. Refuses what
nobody may name (what is on this wire alone, groups, where clouds answer their machines) and, outside of the networks
that the operator names, whatever is not public or not encrypted.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpx

from shared.kernel.errors import NotPermitted

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

#: Where clouds answer their machines, beside 169.254.0.0/16: Amazon, Google, Alibaba, Azure.
_OF_CLOUDS: Final[Sequence[Network]] = tuple(
    map(ip_network, ("fd00:ec2::/32", "fd20:ce::254", "100.100.100.200", "168.63.129.16"))
)
#: IPv6 addresses that a gateway of the network translates (RFC 6052).
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
_HALF: Final = 2**32 - 1

#: Names looked up at the same time. They have threads of their own: a slow name server holds up nothing else.
_LOOK_UPS: Final = 32
#: So many look-ups under way leave no room for what can wait: the other half is for calls.
_BUSY: Final = 16
#: Seconds in which a name is found, or it is judged when it is called.
_PATIENCE: Final = 3.0


def addresses_of(host: str) -> Sequence[str]:
    """Return the addresses of a host, the best first. Raises `OSError` or `UnicodeError` when there are none."""
    known = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in known))


class Reach:
    """What may be called: `networks` also in clear, everything public with encryption alone."""

    def __init__(
        self, networks: Iterable[Network] = (), *, find: Callable[[str], Sequence[str]] = addresses_of
    ) -> None:
        self._networks = tuple(networks)
        self._find = find
        self._asked: dict[str, asyncio.Future[Sequence[str]]] = {}
        self._threads = ThreadPoolExecutor(_LOOK_UPS, thread_name_prefix="look-up")

    def permits(self, address: str, *, is_encrypted: bool) -> bool:
        """Say whether an address may be called."""
        meant = _meant(ip_address(address))
        if _is_nobodys(meant):
            return False
        return any(meant in network for network in self._networks) or (is_encrypted and _is_public(meant))

    async def addresses(self, host: str, *, is_encrypted: bool) -> Sequence[str]:
        """Return the addresses of a host that may be called, at least one.

        Raises as `addresses_of`, and `NotPermitted` (`webhook.address`) where none of them may be called.
        """
        permitted = [one for one in await self._look_up(host) if self.permits(one, is_encrypted=is_encrypted)]
        if not permitted:
            raise NotPermitted(
                "webhook.address",
                "This service does not call that address: give a public one with https, or ask its operator, who names "
                "the networks of partner systems in MESH_WEBHOOK_NETWORKS.",
            )
        return permitted

    async def check(self, url: str) -> None:
        """Raise `NotPermitted` (`webhook.address`) if `url` may not be called; what is not found is judged later."""
        if len(self._asked) >= _BUSY:
            return
        asked = httpx.URL(url)
        with suppress(OSError, UnicodeError):
            async with asyncio.timeout(_PATIENCE):
                await self.addresses(asked.raw_host.decode("ascii"), is_encrypted=asked.scheme == "https")

    def close(self) -> None:
        """Look nothing up any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, host: str) -> Sequence[str]:
        """Look a name up once for all who ask at the same time: one name holds one thread, however slow it is."""
        asked = self._asked.get(host)
        if asked is None:
            asked = self._asked[host] = asyncio.get_running_loop().run_in_executor(self._threads, self._find, host)
            asked.add_done_callback(lambda done: self._answered(host, done))
        return await asyncio.shield(asked)

    def _answered(self, host: str, asked: "asyncio.Future[Sequence[str]]") -> None:
        del self._asked[host]
        if not asked.cancelled():
            asked.exception()  # seen, also where nobody waits for it any more


class WithinReach(httpx.AsyncBaseTransport):
    """Calls a host at an address that a reach permits, one after the other until somebody is there."""

    def __init__(self, reach: Reach, inner: httpx.AsyncBaseTransport) -> None:
        self._reach = reach
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises as `Reach.addresses`, and as the transport within."""
        host = request.url.raw_host.decode("ascii")
        addresses = await self._reach.addresses(host, is_encrypted=request.url.scheme == "https")
        each = [_at(address, request, share=len(addresses)) for address in addresses]
        for one in each[:-1]:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._inner.handle_async_request(one)
        return await self._inner.handle_async_request(each[-1])

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _at(address: str, request: httpx.Request, *, share: int) -> httpx.Request:
    """Return a request for the same host, certificate and `Host` included, that goes to one address of it."""
    times = request.extensions["timeout"]
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={
            **request.extensions,
            "sni_hostname": request.url.raw_host.decode("ascii"),
            "timeout": {**times, "connect": times["connect"] / share},
        },
    )


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, where it stands for one (RFC 3056, 4291, 6052)."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & _HALF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_nobodys(address: Address) -> bool:
    """Say whether an address is never called: link-local, a group, none at all, reserved, or a cloud's own."""
    is_special = address.is_link_local or address.is_multicast or address.is_unspecified
    is_reserved = address.is_reserved and not address.is_loopback
    return is_special or is_reserved or any(address in network for network in _OF_CLOUDS)


def _is_public(address: Address) -> bool:
    return address.is_global and not (isinstance(address, IPv6Address) and address.is_site_local)
