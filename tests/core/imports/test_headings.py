"""Headings as agencies of several countries have them."""

from __future__ import annotations

from typing import Any

import pytest

from core.imports import mapping
from core.imports.importer import Importer
from core.testing.clients import ok
from plugins.contacts.service.imports import CONTACTS as CONTACT_IMPORTS
from plugins.leads.service.imports import LEADS as LEAD_IMPORTS
from tests.core.imports.bringing import CONTACTS, LEADS, Bringing, sheet

FILES: dict[str, dict[str, str | None]] = {
    "es": {
        "Cliente": "contact_name",
        "Correo electr\u00f3nico": "contact_email",
        "Tel\u00e9fono": "contact_phone",
        "Adultos": "adults",
        "Presupuesto": "budget",
        "Fecha de salida": "start_date",
        "Pa\u00eds": "contact_country",
        "Notas": "note",
        "Origen": "source",
        "Ni\u00f1os": None,
    },
    "pt": {
        "Cliente": "contact_name",
        "Telefone": "contact_phone",
        "Adultos": "adults",
        "Or\u00e7amento": "budget",
        "Data de partida": "start_date",
        "Pa\u00eds": "contact_country",
        "Observa\u00e7\u00f5es": "note",
    },
    "de": {
        "Kunde": "contact_name",
        "Telefon": "contact_phone",
        "Erwachsene": "adults",
        "Abreise": "start_date",
        "R\u00fcckreise": "end_date",
        "Land": "contact_country",
        "Bemerkungen": "note",
        "Nachname": "contact_family_name",
        "Vorname": "contact_given_name",
        "Quelle": "source",
    },
    "fr": {
        "Client": "contact_name",
        "Nom": "contact_family_name",
        "Pr\u00e9nom": "contact_given_name",
        "Courriel": "contact_email",
        "T\u00e9l\u00e9phone": "contact_phone",
        "Adultes": "adults",
        "Budget": "budget",
        "Date de d\u00e9part": "start_date",
        "Pays": "contact_country",
        "Remarques": "note",
    },
    "it": {
        "Nome": "contact_given_name",
        "Cognome": "contact_family_name",
        "Telefono": "contact_phone",
        "Cellulare": "contact_phone_2",
        "Adulti": "adults",
        "Data di partenza": "start_date",
        "Data di ritorno": "end_date",
        "Paese": "contact_country",
        "Osservazioni": "note",
    },
}


class TestHeadings:
    @pytest.mark.parametrize("language", FILES)
    def test_of_several_languages_are_known(self, bringing: Bringing, language: str) -> None:
        wanted = FILES[language]
        made = ok(bringing.upload(sheet([[*wanted], ["x"] * len(wanted)]), entity=LEADS), 201)
        assert {each["heading"]: each["column"] for each in made["columns"]} == wanted

    def test_of_contacts_are_known_too(self, bringing: Bringing) -> None:
        headings = ("Nombre", "Apellidos", "Correo", "M\u00f3vil", "Pa\u00eds", "Nacionalidad", "Observaciones")
        made = ok(bringing.upload(sheet([headings, ["x"] * len(headings)]), entity=CONTACTS), 201)
        columns = ["given_name", "family_name", "email", "phone_2", "country", "nationality", "note"]
        assert [each["column"] for each in made["columns"]] == columns

    @pytest.mark.parametrize("importer", [CONTACT_IMPORTS, LEAD_IMPORTS])
    def test_stand_for_one_column_each(self, importer: Importer[Any]) -> None:
        meanings: dict[str, set[str]] = {}
        for column in importer.columns:
            for word in (column.name, column.label, *column.synonyms):
                meanings.setdefault(mapping._folded(word), set()).add(column.name)
        assert {word: columns for word, columns in meanings.items() if len(columns) > 1} == {}
