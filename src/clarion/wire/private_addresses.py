"""Which addresses a customer's URL may lead to: the public internet, and nothing that is ours or special."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(block), why)
    for block, why in (
        ("169.254.169.254/32", "cloud metadata"),
        ("168.63.129.16/32", "cloud metadata"),
        ("100.100.100.200/32", "cloud metadata"),
        ("fd00:ec2::254/128", "cloud metadata"),
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "AMT"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "AS112"),
        ("3fff::/20", "documentation"),
    )
)
"""The IANA special-purpose registries for IPv4 and IPv6, and the addresses where clouds tell their secrets."""

GLOBAL_UNICAST = IPv6Network("2000::/3")

TRANSLATED: tuple[IPv6Network, ...] = (
    IPv6Network("::ffff:0:0/96"),
    IPv6Network("::ffff:0:0:0/96"),
    IPv6Network("::/96"),
    IPv6Network("64:ff9b::/96"),
)
"""IPv6 forms whose last 32 bits are the IPv4 address that is meant: mapped, translated, compatible, NAT64."""


def why_refused(address: str, allowed: Sequence[Network] = ()) -> str | None:
    """Why a message may not be sent to this IP address (`private`, `loopback`, …); None when it may.

    An IPv4 address wrapped in IPv6 is judged as the IPv4 address. `allowed` networks are an operator's exceptions.
    Raises ValueError when it is no IP address. A zone index (`fe80::1%eth0`) is judged without it.
    """
    meant = _unwrapped(ip_address(address.partition("%")[0]))
    if any(meant in network for network in allowed if network.version == meant.version):
        return None
    for network, why in SPECIAL:
        if network.version == meant.version and meant in network:
            return why
    if isinstance(meant, IPv6Address) and meant not in GLOBAL_UNICAST:
        return "not globally routed"
    return None


def _unwrapped(address: Address) -> Address:
    if isinstance(address, IPv6Address) and int(address) > 1:
        for network in TRANSLATED:
            if address in network:
                return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
