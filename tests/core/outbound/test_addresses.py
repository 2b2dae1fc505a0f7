"""Which addresses are never connected to, however they are written."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from core.outbound.addresses import special_purpose
from core.outbound.api import Refused, SafeClient, Unreachable

Within = Callable[..., None]
Names = Callable[..., list[str]]

SPECIAL = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1
    172.31.255.255 192.0.0.8 192.0.0.170 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7
    203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1
    64:ff9b::7f00:1 64:ff9b::8.8.8.8 64:ff9b:1::7f00:1 100::1 2001::1 2001:0:7f00:1::1 2001:2::1 2001:10::1 2001:20::1
    2001:db8::1 2002:7f00:1:: 2002:a00:1::1 3fff::1 3fff:fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1
    4000::1 2a00:1450:4001:81b:0:5efe:7f00:1 2a00:1450:4001:81b:200:5efe:a00:1
""".split()
PUBLIC = """
    8.8.8.8 1.1.1.1 93.184.215.14 100.128.0.1 172.32.0.1 192.0.1.1 223.255.255.255 2606:4700:4700::1111 2a00:1450::1
""".split()
MISSPELT = """
    2130706433 017700000001 0x7f000001 0x7f.1 127.1 127.0.1 0177.0.0.1 0 0x0 1.2.3.4.5 256.1.1.1 127.0.0.1. 08.8.8.8
    localhost.1 0xA9FEA9FE 2852039166
""".split()


class TestAddresses:
    @pytest.mark.parametrize("address", SPECIAL)
    def test_with_a_special_purpose_are_told(self, address: str) -> None:
        assert special_purpose(ip_address(address)) is not None

    @pytest.mark.parametrize("address", PUBLIC)
    def test_of_the_internet_have_none(self, address: str) -> None:
        assert special_purpose(ip_address(address)) is None

    @pytest.mark.parametrize("address", SPECIAL)
    def test_with_a_special_purpose_are_refused_as_literals(self, within: Within, address: str) -> None:
        within()
        host = f"[{address}]" if ":" in address else address
        with pytest.raises(Refused, match="is not on the public internet"):
            SafeClient.for_addresses_of_users("webhooks").check(f"https://{host}/")

    @pytest.mark.parametrize("address", SPECIAL)
    def test_with_a_special_purpose_are_refused_behind_a_name(self, within: Within, names: Names, address: str) -> None:
        within()
        names([address])
        with pytest.raises(Refused, match="is not on the public internet"):
            SafeClient.for_addresses_of_users("webhooks").check("https://hooks.example.com/")

    @pytest.mark.parametrize("host", MISSPELT)
    def test_spelled_in_other_ways_are_refused(self, within: Within, host: str) -> None:
        within()
        with pytest.raises(Refused):
            SafeClient.for_addresses_of_users("webhooks").check(f"https://{host}/")

    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost."])
    def test_of_this_machine_are_refused_by_name(self, within: Within, host: str) -> None:
        within()
        with pytest.raises(Refused, match="localhost is not on the public internet"):
            SafeClient.for_addresses_of_users("webhooks").check(f"https://{host}/")

    def test_are_all_judged(self, within: Within, names: Names) -> None:
        within()
        names(["8.8.8.8", "10.0.0.1"])
        with pytest.raises(Refused):
            SafeClient.for_addresses_of_users("webhooks").check("https://hooks.example.com/")

    def test_of_ones_own_can_be_refused_too(self, within: Within, names: Names) -> None:
        within(outbound_deny_networks="8.8.0.0/16")
        names(["8.8.8.8"])
        with pytest.raises(Refused):
            SafeClient.for_addresses_of_users("webhooks").check("https://hooks.example.com/")

    def test_that_are_public_are_fine(self, within: Within, names: Names) -> None:
        within()
        asked = names(["8.8.8.8", "2606:4700:4700::1111"])
        SafeClient.for_addresses_of_users("webhooks").check("https://hooks.example.com/")
        assert asked == ["hooks.example.com"]

    def test_that_do_not_exist_are_unknown(self, within: Within) -> None:
        within()
        with pytest.raises(Unreachable, match=r"The name hooks\.invalid is unknown"):
            SafeClient.for_addresses_of_users("webhooks").check("https://hooks.invalid/")


class TestUrls:
    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("http://hooks.example.com/", "https://"),
            ("ftp://hooks.example.com/", "https://"),
            ("file:///etc/passwd", "https://"),
            ("gopher://hooks.example.com/", "https://"),
            ("//hooks.example.com/", "https://"),
            ("hooks.example.com", "https://"),
            ("https://ana@hooks.example.com/", "user name"),
            ("https://ana:word@hooks.example.com/", "user name"),
            ("https://@hooks.example.com/", "user name"),
            ("https://hooks.example.com:8443/", "8443"),
            ("https://hooks.example.com:80/", "port 80"),
            ("https://hooks.example.com:0/", "1 to 65535"),
            ("https://hooks.example.com:65536/", "1 to 65535"),
            ("https://hooks.example.com:port/", "1 to 65535"),
            ("https:///path", "no host"),
            ("https://", "no host"),
            ("https://hooks..example.com/", "no host"),
            ("https://-hooks.example.com/", "no host"),
            (f"https://{'a' * 64}.example.com/", "no host"),
            ("https://hooks.example.com%2f@127.0.0.1/", "user name"),
            ("https://hooks.example.com\\@127.0.0.1/", "visible ASCII"),
            ("https://hooks.example.com/\r\nX-Evil: 1", "visible ASCII"),
            ("https://hooks.example.com/a b", "visible ASCII"),
            ("https://hooks.example.com/\t", "visible ASCII"),
            ("https://h\u00f6oks.example.com/", "xn--"),
            ("https://hooks.example.com/" + "a" * 2000, "2000"),
            ("https://[::1/", "cannot be read"),
            ("https://[fe80::1%25eth0]/", "without a zone"),
            ("https://[v1.a]/", "brackets|cannot be read"),
            ("https://[127.0.0.1]/", "brackets|cannot be read"),
        ],
    )
    def test_are_refused_before_a_name_is_looked_up(self, within: Within, names: Names, url: str, reason: str) -> None:
        within()
        asked = names(["8.8.8.8"])
        with pytest.raises(Refused, match=reason):
            SafeClient.for_addresses_of_users("webhooks").check(url)
        assert asked == []

    def test_may_use_the_listed_ports(self, within: Within, names: Names) -> None:
        within(outbound_ports="443, 8443")
        names(["8.8.8.8"])
        SafeClient.for_addresses_of_users("webhooks").check("https://hooks.example.com:8443/")

    def test_may_not_be_plain_where_other_networks_are_allowed(self, within: Within, names: Names) -> None:
        within(outbound_allow_networks="127.0.0.0/8")
        names(["8.8.8.8"])
        with pytest.raises(Refused, match="https://"):
            SafeClient.for_addresses_of_users("webhooks").check("http://hooks.example.com/")


class TestHosts:
    def test_that_the_plugin_does_not_list_are_refused(self, within: Within, names: Names) -> None:
        within()
        asked = names(["8.8.8.8"])
        client = SafeClient("ai", frozenset({"api.example.com"}))
        client.check("https://API.example.com./v1")
        for host in ("example.com", "evil-api.example.com", "api.example.com.evil.org"):
            with pytest.raises(Refused, match="does not list"):
                client.check(f"https://{host}/")
        assert asked == ["api.example.com"]
