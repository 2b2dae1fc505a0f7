"""Random traffic of twenty agencies: each wall alone keeps them apart, and without both the test would notice."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from core.http.application import Application
from core.http.contract import contract_of
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.contract import files

MakeAgency = Callable[..., AgencyUnderTest]
NoFilter = Callable[[], AbstractContextManager[None]]
AGENCIES, THREADS, STEPS = 20, 4, 150
LOGO = files.picture("PNG")


class Traveller:
    """Somebody of one agency, whose every row carries the agency's mark."""

    def __init__(self, app: Application, agency: AgencyUnderTest, mark: str) -> None:
        member = agency.member("owner")
        self.api = ApiClient(app, member.token, agency_id=agency.id)
        self.mark = mark
        self.contacts: list[str] = []
        self.leads: list[str] = []
        self.logos: list[str] = []


def lists(app: Application) -> Iterator[str]:
    """Every list there is that names nothing in its address."""
    prefix = app.settings.api_prefix
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.rule.startswith(prefix) and not rule.arguments and contract_of(view).listing is not None:
            yield rule.rule.removeprefix(prefix)


class Traffic:
    """Random calls, and every sign of one agency that another one saw."""

    def __init__(self, app: Application, make_agency: MakeAgency) -> None:
        """The calls go to `app`; everybody has a contact and a lead to begin with."""
        self.people = [Traveller(app, make_agency(), f"mark{number:02d}x") for number in range(AGENCIES)]
        self.marks = {person.mark for person in self.people}
        self.leaks: list[str] = []
        self.lists = [*lists(app)]
        for person in self.people:
            self._add(person, random.Random(0))

    def run(self) -> None:
        """Run it in several threads at once."""
        errors: list[BaseException] = []
        threads = [threading.Thread(target=self._walk, args=(seed, errors)) for seed in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors, errors[0]

    def _walk(self, seed: int, errors: list[BaseException]) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(STEPS):
                step = chance.choice([self._add, self._list, self._search, self._show, self._steal, self._change])
                step(chance.choice(self.people), chance)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            errors.append(error)

    def _saw(self, person: Traveller, response: Any, what: str) -> None:
        text = response.get_data(as_text=True)
        foreign = sorted(mark for mark in self.marks - {person.mark} if mark in text)
        if foreign:
            self.leaks.append(f"{what} showed {person.mark} rows of {foreign}")

    def _add(self, person: Traveller, chance: random.Random) -> None:
        name = f"Ana {person.mark}"
        contact = person.api.post("/contacts", {"name": name, "emails": [{"address": f"{person.mark}@example.com"}]})
        person.contacts.append(ok(contact, 201)["id"])
        lead = person.api.post("/leads", {"contact_id": person.contacts[-1], "tags": [person.mark]})
        person.leads.append(ok(lead, 201)["id"])
        self._saw(person, lead, "a new lead")
        if person.logos and chance.random() < 0.8:
            return
        code = f"{person.mark}-{len(person.leads)}-{chance.randrange(10**9)}"
        brand = person.api.post("/agencies/brands", {"code": code, "name": f"Brand {person.mark}"})
        logo: dict[str, Any] = {"data": LOGO, "version": "*", "headers": {"Content-Type": "image/png"}}
        address = f"/agencies/brands/{ok(brand, 201)['id']}/logo"
        ok(person.api.call("PUT", f"{address}?name={person.mark}.png", **logo))
        person.logos.append(address)
        self._saw(person, person.api.get(address), "a logo")

    def _list(self, person: Traveller, chance: random.Random) -> None:
        address = chance.choice(["/contacts", "/leads", "/leads?sort=-reference", "/audit", "/users"])
        response = person.api.get(address)
        assert ok(response)["items"]
        self._saw(person, response, address)
        # And one of all there are, whatever plugin brings it.
        address = chance.choice(self.lists)
        response = person.api.get(f"{address}?limit=200")
        ok(response)
        self._saw(person, response, address)

    def _search(self, person: Traveller, chance: random.Random) -> None:
        response = person.api.get(f"/{chance.choice(['contacts', 'leads'])}?q=ana&count=exact")
        ok(response)
        self._saw(person, response, "a search")

    def _show(self, person: Traveller, chance: random.Random) -> None:
        response = person.api.get(f"/leads/{chance.choice(person.leads)}")
        ok(response)
        self._saw(person, response, "a lead")

    def _steal(self, person: Traveller, chance: random.Random) -> None:
        victim = chance.choice([other for other in self.people if other is not person])
        logo = person.api.get(chance.choice(victim.logos))
        if logo.status_code != 404:
            self.leaks.append(f"{person.mark} got {logo.status_code} for a logo of {victim.mark}")
        kind = chance.choice(["contacts", "leads"])
        wanted = chance.choice(victim.contacts if kind == "contacts" else victim.leads)
        if chance.random() < 0.5:
            response = person.api.get(f"/{kind}/{wanted}")
        else:
            response = person.api.patch(f"/{kind}/{wanted}", {"language": "pt"}, version="*")
        if response.status_code != 404:
            self.leaks.append(f"{person.mark} got {response.status_code} for one of {kind} of {victim.mark}")
        self._saw(person, response, "a foreign id")

    def _change(self, person: Traveller, chance: random.Random) -> None:
        wanted = chance.choice(person.leads)
        response = person.api.patch(f"/leads/{wanted}", {"occasion": f"for {person.mark}"}, version="*")
        # A colleague in another thread may have been faster.
        assert response.status_code in {200, 412}
        self._saw(person, response, "a changed lead")


class TestTraffic:
    def test_of_twenty_agencies_stays_apart(self, app: Application, make_agency: MakeAgency) -> None:
        traffic = Traffic(app, make_agency)
        traffic.run()
        assert traffic.leaks == []

    def test_stays_apart_by_the_policies_alone(
        self, app: Application, make_agency: MakeAgency, no_filter: NoFilter
    ) -> None:
        traffic = Traffic(app, make_agency)
        with no_filter():
            traffic.run()
        assert traffic.leaks == []

    def test_stays_apart_by_the_filter_alone(self, boundless_app: Application, make_agency: MakeAgency) -> None:
        traffic = Traffic(boundless_app, make_agency)
        traffic.run()
        assert traffic.leaks == []

    def test_without_either_wall_would_leak(
        self, boundless_app: Application, make_agency: MakeAgency, no_filter: NoFilter
    ) -> None:
        """What the three above stand on."""
        traffic = Traffic(boundless_app, make_agency)
        with no_filter():
            for step in (traffic._list, traffic._search, traffic._steal):
                traffic.leaks.clear()
                for seed in range(20):
                    step(traffic.people[0], random.Random(seed))
                assert traffic.leaks
