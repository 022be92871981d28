"""Which addresses are on the public Internet."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from gateway.base.networks import group_client, is_public, is_within, unwrap

PUBLIC = [
    "8.8.8.8",
    "100.63.255.254",
    "100.128.0.1",
    "172.15.255.255",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "::ffff:8.8.8.8",
]
NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.0.1",
    "198.19.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "239.1.2.3",
    "255.255.255.255",
    "::",
    "::1",
    "::8.8.8.8",
    "::ffff:192.168.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:808:808::1",
    "2400:1::5efe:10.0.0.1",
    "2400:1::200:5efe:8.8.8.8",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_it_works(address):
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_neighbours_loops_and_tunnels_are_not_public(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("64:ff9b::10.0.0.1", "10.0.0.1"),
        ("2400::1", "2400::1"),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_a_wrapped_address_is_unwrapped(address, inside):
    assert unwrap(ip_address(address)) == ip_address(inside)


def test_networks_of_both_kinds_are_searched():
    networks = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert is_within(ip_address("10.1.1.1"), networks)
    assert is_within(ip_address("fd00::1"), networks)
    assert not is_within(ip_address("11.1.1.1"), networks)


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_who_counts_as_one_client(address: str, client: str) -> None:
    assert group_client(address) == client
