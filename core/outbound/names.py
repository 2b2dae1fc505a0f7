"""What names say of themselves: TXT records, asked of the resolver of the machine, or of those the operator names."""

from __future__ import annotations

import dns.exception
import dns.resolver
from dns.nameserver import Do53Nameserver
from flask import current_app

from core import networks
from core.config import Settings
from core.outbound.errors import TimedOut, Unreachable

SECONDS = 5.0
"""How long one question may take: somebody waits for it."""
_PORT = 53


def texts(name: str) -> frozenset[str]:
    """The TXT records of a name, none where it has none. Raises Unreachable and TimedOut where nobody can tell."""
    try:
        answer = _resolver().resolve(f"{name}.", "TXT", lifetime=SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return frozenset()
    except dns.exception.Timeout:
        raise TimedOut(f"No resolver answered within {SECONDS:g} seconds") from None
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise Unreachable(f"No resolver could tell: {type(error).__name__}") from None
    # A long record comes in pieces.
    return frozenset(b"".join(record.strings).decode("ascii", "replace") for record in answer)


def _resolver() -> dns.resolver.Resolver:
    settings: Settings = current_app.extensions["tripfile.settings"]
    if not settings.dns_servers:
        return dns.resolver.Resolver()
    made = dns.resolver.Resolver(configure=False)
    named = (networks.server(each) for each in settings.dns_servers)
    made.nameservers = [Do53Nameserver(host, port or _PORT) for host, port in named]
    return made
