"""Who is in the demo world: two agencies with three trading names, one of them Arabic, and who works there."""

from __future__ import annotations

from typing import NamedTuple


class Brand(NamedTuple):
    """A trading name."""

    code: str
    name: str
    language: str


class Team(NamedTuple):
    """People who sell under one trading name."""

    name: str
    brand: str
    sells: str = ""
    """What they are there for: `safari`, `umrah`; empty is everything."""


class Person(NamedTuple):
    """Somebody who works there, and signs in as `<mailbox>@<domain of the agency>`."""

    mailbox: str
    name: str
    role: str
    team: str | None = None


class Agency(NamedTuple):
    """One agency of the demo world."""

    slug: str
    name: str
    domain: str
    currency: str
    zone: str
    language: str
    country: str
    share: float
    """Of the enquiries of the whole world."""
    brands: tuple[Brand, ...]
    teams: tuple[Team, ...]
    people: tuple[Person, ...]

    def email(self, person: Person) -> str:
        """What somebody signs in with. The domain is reserved: no letter ever reaches a stranger."""
        return f"{person.mailbox}@{self.domain}"


_NORTHLIGHT = Agency(
    slug="northlight-demo",
    name="Northlight Journeys",
    domain="northlight.example",
    currency="EUR",
    zone="Europe/Lisbon",
    language="en",
    country="PT",
    share=0.64,
    brands=(Brand("northlight", "Northlight Journeys", "en"), Brand("acacia", "Acacia Safaris", "en")),
    teams=(Team("Tailor-made", "northlight"), Team("Groups", "northlight"), Team("Safaris", "acacia", "safari")),
    people=(
        Person("owner", "Beatrix Halloran", "owner"),
        Person("admin", "Duarte Antunes", "admin"),
        Person("manager", "Ngozi Okafor", "manager"),
        Person("manager2", "Piet van der Meer", "manager", "Safaris"),
        Person("agent1", "Clara Esteves", "agent", "Tailor-made"),
        Person("agent2", "Joaquín Ibarra", "agent", "Tailor-made"),
        Person("agent3", "Sophie Lindqvist", "agent", "Tailor-made"),
        Person("agent4", "Tomasz Wrona", "agent", "Tailor-made"),
        Person("agent5", "Yuki Aramaki", "agent", "Groups"),
        Person("agent6", "Mehdi Benali", "agent", "Groups"),
        Person("agent7", "Wanjiru Kamau", "agent", "Safaris"),
        Person("agent8", "Baraka Mollel", "agent", "Safaris"),
        Person("agent9", "Fiona MacAskill", "agent", "Safaris"),
        Person("accountant", "Rui Sarmento", "accountant"),
        Person("operations", "Leila Haddou", "operations"),
        Person("viewer", "Ottilie Brandt", "read_only"),
    ),
)
_DUROOB = Agency(
    slug="duroob-demo",
    name="دروب الواحة للسفر والسياحة",
    domain="duroob.example",
    currency="SAR",
    zone="Asia/Riyadh",
    language="ar",
    country="SA",
    share=0.36,
    brands=(Brand("duroob", "دروب الواحة", "ar"),),
    teams=(Team("العمرة والزيارة", "duroob", "umrah"), Team("الرحلات الخاصة", "duroob")),
    people=(
        Person("owner", "عبدالرحمن السبيعي", "owner"),
        Person("admin", "منال القحطاني", "admin"),
        Person("manager", "فهد العتيبي", "manager"),
        Person("agent1", "سارة الدوسري", "agent", "العمرة والزيارة"),
        Person("agent2", "ماجد الحربي", "agent", "العمرة والزيارة"),
        Person("agent3", "أمل الشهري", "agent", "العمرة والزيارة"),
        Person("agent4", "ياسر الغامدي", "agent", "الرحلات الخاصة"),
        Person("agent5", "دانة المطيري", "agent", "الرحلات الخاصة"),
        Person("accountant", "حسام البكري", "accountant"),
        Person("operations", "جواهر الزهراني", "operations"),
        Person("viewer", "نواف الرشيد", "read_only"),
    ),
)
AGENCIES = (_NORTHLIGHT, _DUROOB)
SLUGS = frozenset(each.slug for each in AGENCIES)
