"""Forms as pages and in pages: drawn, embedded, and right without a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from core.testing.clients import ApiClient, ok, problem
from plugins.capture.service import catalogue, labels, wording
from tests.plugins.capture.conftest import ANA, FIELDS, Stranger

Make = Callable[..., dict[str, Any]]
Look = Callable[..., list[dict[str, Any]]]
NEWS = {"purpose": "newsletter", "text": "Send me news", "version": "1", "channels": ["email"]}
CONSENT: dict[str, Any] = NEWS | {"required": True}


class Seen(HTMLParser):
    """What a page says about its fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it."""
        self.tags.append((tag, dict(attrs)))

    def named(self, name: str) -> dict[str, str | None]:
        """The attributes of a field."""
        return next(attributes for _, attributes in self.tags if attributes.get("name") == name)

    @property
    def ids(self) -> list[str | None]:
        """Every id there is."""
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]


def beside(seen: Seen, html: str, name: str) -> str:
    """What a page says is wrong with a field."""
    described = (seen.named(name)["aria-describedby"] or "").split()[-1]
    return html.partition(f'<p class="wrong" id="{described}">')[2].partition("</p>")[0]


class TestDrawing:
    def test_a_website_is_told_all_it_needs(self, stranger: Stranger, form: Make) -> None:
        made = form(language="he", consents=[CONSENT], color="#aa3300")
        drawn = ok(stranger.get(f"/p/capture/forms/{made['key']}"))
        assert (drawn["direction"], drawn["button"], drawn["trap"]) == ("rtl", "שליחה", "website")
        assert (drawn["brand"], drawn["color"]) == ("Sunrise Travel", "#aa3300")
        assert [each["name"] for each in drawn["fields"]] == [each["name"] for each in FIELDS]
        assert drawn["schema"]["required"] == ["name", "email"]
        assert drawn["schema"]["properties"]["email"]["format"] == "email"
        assert set(drawn) & {"owner_id", "team_id", "defaults", "origins", "failing_since", "id"} == set()

    def test_is_kept_until_it_changes(self, api: ApiClient, stranger: Stranger, form: Make) -> None:
        made = form()
        path = f"/p/capture/forms/{made['key']}"
        first = stranger.get(path)
        assert first.headers["Cache-Control"] == "public, max-age=300"
        assert stranger.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
        ok(api.patch(f"/capture/forms/{made['id']}", {"title": "Another"}, version="*"))
        assert stranger.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200

    def test_tokens_are_kept_nowhere(self, stranger: Stranger, form: Make) -> None:
        answer = stranger.get(f"/p/capture/forms/{form()['key']}/token")
        assert answer.headers["Cache-Control"] == "no-store"

    def test_an_own_field_that_was_archived_is_asked_for_no_more(
        self, api: ApiClient, stranger: Stranger, form: Make
    ) -> None:
        field = {"entity": "leads.lead", "key": "tier", "label": "Tier", "kind": "text"}
        field_id = ok(api.post("/custom-fields", field), 201)["id"]
        made = form(fields=[*FIELDS, {"name": "lead.tier", "required": True}])
        ok(api.post(f"/custom-fields/{field_id}/archive", version="*"))
        assert len(ok(stranger.get(f"/p/capture/forms/{made['key']}"))["fields"]) == len(FIELDS)
        ok(stranger.send(made, ANA), 201)


class TestThePage:
    def test_works_without_a_script(self, stranger: Stranger, form: Make, leads: Look) -> None:
        made = form(consents=[CONSENT])
        page = stranger.get(f"/app/capture/{made['key']}")
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "same-origin"
        html = page.get_data(as_text=True)
        assert "<script" not in html
        seen = Seen(html)
        (action,) = [attributes["action"] for tag, attributes in seen.tags if tag == "form"]
        token = seen.named("token")["value"]
        sent = stranger.post(str(action), data=ANA | {"token": token, "consent.newsletter": "yes", "website": ""})
        assert sent.status_code == 303
        thanks = stranger.get(sent.headers["Location"])
        assert "Thank you" in thanks.get_data(as_text=True)
        assert len(leads()) == 1

    def test_every_field_has_a_label_and_every_id_is_one(self, stranger: Stranger, form: Make) -> None:
        fields = [*FIELDS, {"name": "board"}, {"name": "hotel_category"}, {"name": "budget", "help": "In euros"}]
        seen = Seen(stranger.get(f"/app/capture/{form(fields=fields)['key']}").get_data(as_text=True))
        labelled = {attributes.get("for") for tag, attributes in seen.tags if tag == "label"}
        for field in fields:
            shown = seen.named(str(field["name"]))
            assert shown["id"] in labelled
            assert ("required" in shown) is bool(field.get("required"))
        assert seen.named("budget")["aria-describedby"] in seen.ids
        assert len(seen.ids) == len(set(seen.ids))

    def test_says_what_is_wrong_beside_the_field_and_keeps_what_was_said(
        self, stranger: Stranger, form: Make, came: Look
    ) -> None:
        made = form(language="de", consents=[CONSENT])
        sent = stranger.post(
            f"/p/capture/forms/{made['key']}", data=ANA | {"email": "nobody", "consent.newsletter": "yes"}
        )
        assert sent.status_code == 422
        html = sent.get_data(as_text=True)
        seen = Seen(html)
        wrong = seen.named("email")
        assert (wrong["aria-invalid"], wrong["value"]) == ("true", "nobody")
        assert wrong["aria-describedby"] in seen.ids
        assert beside(seen, html, "email") == "Bitte geben Sie eine E-Mail-Adresse an, etwa ana@example.com."
        assert 'href="#/values/email"' in html
        assert seen.named("name")["value"] == "Ana Duarte"
        assert "checked" in seen.named("consent.newsletter")
        assert came() == []
        missing = stranger.post(f"/p/capture/forms/{made['key']}", data=ANA).get_data(as_text=True)
        assert "Wir brauchen Ihre Zustimmung." in missing

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("email", "nomail", "Please enter an e-mail address, such as ana@example.com."),
            ("phone", "12", "Please enter a phone number with the country code, such as +351 912 345 678."),
            ("adults", "two", "Please enter a number that is possible here, such as 2."),
            ("adults", "-2", "Please enter a number that is possible here, such as 2."),
            ("children_ages", "4, twelve", "Please enter a number that is possible here, such as 2."),
            ("budget", "a lot", "Please enter a number that is possible here, such as 2."),
            ("start_date", "2027-02-30", "Please enter a date that there is."),
            ("end_date", "2027-01-01", "This is before the day it begins."),
            ("departure_city", "Lisbon" * 100, "This is too long."),
            ("pace", "hasty", "Please choose from what is offered."),
            ("name", "", "Please fill this in."),
            ("country", "Portugal", "Please check this."),
        ],
    )
    def test_says_of_each_kind_of_field_what_is_wrong(
        self, stranger: Stranger, form: Make, name: str, value: str, said: str
    ) -> None:
        more = ("children_ages", "budget", "departure_city", "pace", "country")
        made = form(fields=[*FIELDS, *({"name": each} for each in more)])
        values = ANA | {"start_date": "2027-05-01", "end_date": "2027-05-14"}
        # Whatever else is wrong as well.
        other = {"adults": "none"} if name == "email" else {}
        sent = stranger.post(f"/p/capture/forms/{made['key']}", data=values | {name: value} | other)
        html = sent.get_data(as_text=True)
        seen = Seen(html)
        assert (sent.status_code, beside(seen, html, name)) == (422, said)
        wrong = {each["name"] for _, each in seen.tags if each.get("aria-invalid")}
        assert wrong == {name, *other}

    @pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("he-IL", "rtl"), ("pt-BR", "ltr")])
    def test_is_written_the_way_its_language_is(
        self, stranger: Stranger, form: Make, language: str, direction: str
    ) -> None:
        page = stranger.get(f"/app/capture/{form(language=language)['key']}").get_data(as_text=True)
        assert f'<html lang="{language}" dir="{direction}">' in page

    @pytest.mark.parametrize(
        ("language", "name", "adults"),
        [("ar", "اسمك", "البالغون"), ("de-AT", "Ihr Name", "Erwachsene"), ("ja", "Your name", "Adults")],
    )
    def test_calls_fields_in_its_language_and_else_in_english(
        self, stranger: Stranger, form: Make, language: str, name: str, adults: str
    ) -> None:
        made = form(language=language, fields=[*FIELDS, {"name": "pace"}])
        page = stranger.get(f"/app/capture/{made['key']}").get_data(as_text=True)
        assert f"<bdi>{name}</bdi>" in page
        assert f"<bdi>{adults}</bdi>" in page
        drawn = ok(stranger.get(f"/p/capture/forms/{made['key']}"))
        told = {each["name"]: each for each in drawn["fields"]}
        assert told["adults"]["label"] == drawn["schema"]["properties"]["adults"]["title"] == adults
        # What the agency wrote stays.
        assert told["message"]["label"] == "What are you dreaming of?"

    def test_has_a_word_for_everything_in_each_of_its_languages(self) -> None:
        plain = {each.name: each for each in catalogue.BUILT_IN.values() if each.name not in catalogue.UTM}
        wanted = {
            *plain,
            *(f"{each.name}.{value}" for each in plain.values() for value, title in each.choices if "★" not in title),
        }
        for language in wording.LANGUAGES - {"en"}:
            assert set(labels.of(language)) == wanted, language
            assert all(labels.of(language).values()), language

    def test_words_on_the_brands_colour_can_be_read(self, stranger: Stranger, form: Make) -> None:
        for color, on in (("#ffdd00", "#111820"), ("#003366", "#ffffff")):
            page = stranger.get(f"/app/capture/{form(color=color)['key']}").get_data(as_text=True)
            assert f"--accent: {color}; --on-accent: {on};" in page

    def test_of_a_brand_is_the_brands(self, api: ApiClient, stranger: Stranger, form: Make, leads: Look) -> None:
        brand = ok(api.post("/agencies/brands", {"code": "lux", "name": "Lux & Co"}), 201)
        made = form(brand_id=brand["id"])
        assert "Lux &amp; Co" in stranger.get(f"/app/capture/{made['key']}").get_data(as_text=True)
        ok(stranger.send(made, ANA), 201)
        assert ok(api.get(f"/leads/{leads()[0]['id']}"))["brand_id"] == brand["id"]


class TestWhereNoFormIs:
    @pytest.mark.parametrize(
        ("asked", "language", "said"),
        [
            ("", "en", "There is no form at this address"),
            ("ja", "en", "There is no form at this address"),
            ("fr-CA,en;q=0.5", "fr", "pas de formulaire"),
            ("ar", "ar", "لا توجد استمارة"),
        ],
    )
    def test_a_page_says_so_in_a_language_of_theirs(
        self, api: ApiClient, stranger: Stranger, form: Make, asked: str, language: str, said: str
    ) -> None:
        off = form(active=False)["key"]
        headers = {"Accept": "text/html", "Accept-Language": asked}
        for answer in (
            stranger.get("/app/capture/nokey", headers=headers),
            stranger.get(f"/app/capture/{off}", headers=headers),
            stranger.get(f"/app/capture/{off}/thanks", headers=headers),
            stranger.post(f"/p/capture/forms/{off}", data=ANA, headers=headers),
        ):
            html = answer.get_data(as_text=True)
            assert (answer.status_code, answer.mimetype) == (404, "text/html")
            assert said in html
            assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in html
            assert "default-src 'none'; style-src 'sha256-" in answer.headers["Content-Security-Policy"]

    def test_a_script_is_answered_as_ever(self, stranger: Stranger) -> None:
        assert problem(stranger.get("/p/capture/forms/nokey")) == (404, "not_found")
        assert problem(stranger.get("/app/capture/nokey")) == (404, "not_found")
        assert problem(stranger.send({"key": "nokey"}, ANA)) == (404, "not_found")


class TestEmbedding:
    def test_html_of_the_form_can_be_sent(self, api: ApiClient, stranger: Stranger, form: Make, leads: Look) -> None:
        made = form(consents=[CONSENT], fields=[*FIELDS, {"name": "board"}])
        told = ok(api.get(f"/capture/forms/{made['id']}/embed"))
        assert told["page"].endswith(f"/app/capture/{made['key']}")
        assert told["page"] in told["iframe"]
        seen = Seen(told["html"])
        (action,) = [attributes["action"] for tag, attributes in seen.tags if tag == "form"]
        names = [attributes["name"] for _, attributes in seen.tags if "name" in attributes]
        fields = {"board", *(str(each["name"]) for each in FIELDS)}
        assert set(names) == {"website", "consent.newsletter", "consent_version.newsletter", *fields}
        agreed = {"consent.newsletter": "yes", "consent_version.newsletter": CONSENT["version"]}
        data = dict.fromkeys(map(str, names), "") | ANA | agreed
        path = "/p/" + str(action).partition("/p/")[2]
        assert stranger.post(path, data=data, headers={"Origin": "https://anybody.example"}).status_code == 303
        assert len(leads()) == 1

    def test_html_of_the_form_has_the_help_of_its_fields(self, api: ApiClient, form: Make) -> None:
        made = form(fields=[{"name": "email", "help": "We write to <nobody> else."}, {"name": "phone"}])
        html = ok(api.get(f"/capture/forms/{made['id']}/embed"))["html"]
        assert '<input name="email" type="email"><br><small>We write to &lt;nobody&gt; else.</small></label>' in html
        assert html.count("<small>") == 1


class TestTheDocument:
    def test_tells_websites_how_and_leaves_pages_out(self, stranger: Stranger) -> None:
        document = json.loads(stranger.get("/openapi.json").data)
        sent = document["paths"]["/p/capture/forms/{key}"]["post"]["requestBody"]["content"]
        assert set(sent) == {"application/json", "application/x-www-form-urlencoded"}
        assert document["paths"]["/p/capture/forms/{key}"]["post"]["security"] == []
        assert not [path for path in document["paths"] if path.startswith("/app")]
