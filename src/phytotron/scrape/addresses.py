"""Which network addresses a crawler may connect to.

A page can name any host, and a host name can resolve to any address: to the crawler's own machine,
to its private network, or to the address at which a cloud hands out credentials. So the addresses
of a host are looked up once, all of them are checked, and the connection goes to a checked address
and not to the name, because a second look-up could give another one (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Cloud metadata services whose addresses are not link-local.
_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in ("168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressError(Exception):
    """A host name resolves to a forbidden address."""


def checked_addresses(host: str, port: int, *, allow_private: bool) -> list[tuple[int, tuple]]:
    """The socket addresses of a host as (family, address) pairs, all of them checked.

    Raises:
        AddressError: one of them is forbidden.
        OSError: the name cannot be resolved.
    """
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    for *_, address in found:
        if reason := refusal(ipaddress.ip_address(address[0]), allow_private=allow_private):
            raise AddressError(reason)
    return [(family, address) for family, _, _, _, address in found]


def refusal(address: Address, *, allow_private: bool) -> str | None:
    """Why an address is forbidden, or None when it is not.

    `allow_private` admits loopback and private networks. Link-local and metadata addresses,
    multicast and unassigned ranges are always forbidden.
    """
    inner = _embedded(address)
    if inner is not None:
        return refusal(inner, allow_private=allow_private)
    if address in _METADATA:
        return "metadata address"
    if address.is_link_local:
        return "link-local address"
    if address.is_multicast or address.is_unspecified:
        return "address of no single host"
    if address.is_loopback:
        return None if allow_private else "loopback address"
    if address.is_global:
        return None
    if address.is_private and not address.is_reserved:
        return None if allow_private else "private address"
    return "reserved address"


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, or None."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
