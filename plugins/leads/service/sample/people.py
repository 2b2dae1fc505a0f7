"""Who asks: names, languages and numbers as an agency's clients have them."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import NamedTuple

from core.sdk import ids
from plugins.contacts.api import Known


class Home(NamedTuple):
    """Where clients live, and how they are called there."""

    country: str
    language: str
    weight: int
    mobile: str
    """E.164, without the last seven digits."""
    given: tuple[str, ...]
    family: tuple[str, ...]


HOMES = (
    Home(
        "GB",
        "en",
        26,
        "+44770",
        tuple("Amelia Oliver Isla George Freya Arthur Poppy Hugo Florence Rory Imogen Callum Beatrice Nathan".split()),
        tuple("Whitmore Barnes Hargreaves Sutton Pemberton Ashworth Fielding Marlowe Kerr Lockwood Tate Yates".split()),
    ),
    Home(
        "DE",
        "de",
        18,
        "+491511",
        tuple("Lena Jonas Mia Felix Jürgen Heike Björn Katharina Sören Anneliese Matthias Käthe Tobias".split()),
        tuple("Müller Schröder Köhler Weiß Brandt Vogel Lindner Hartmann Böhm Jäger Günther Seidel Ebert".split()),
    ),
    Home(
        "PT",
        "pt",
        14,
        "+35191",
        tuple("Inês João Mariana Tiago Conceição Gonçalo Beatriz Simão Leonor Rui Catarina Duarte".split()),
        tuple("Gonçalves Araújo Magalhães Fonseca Moura Nóbrega Sequeira Brandão Falcão Teixeira Pacheco".split()),
    ),
    Home(
        "FR",
        "fr",
        14,
        "+3361",
        tuple("Chloé Léa Hélène Étienne Benoît Camille Thibault Océane Guillaume Margaux Aurélien".split()),
        tuple("Lefèvre Moreau Girard Perrin Besson Chevalier Dumont Rivière Guérin Marchand Colin".split()),
    ),
    Home(
        "AE",
        "ar",
        12,
        "+97150",
        tuple("فاطمة محمد ليلى يوسف مريم خالد نورة سلطان عائشة طارق هند ريم".split()),
        tuple("المنصوري الكعبي الظاهري النعيمي الشامسي الهاشمي البلوشي المزروعي الحمادي".split()),
    ),
    Home(
        "IN",
        "en",
        10,
        "+91981",
        tuple("Asha Rohan Priya Arjun Kavya Vikram Meera Aditya Ananya Nikhil Ishaan Divya".split()),
        tuple("Iyer Kulkarni Banerjee Chaudhary Menon Desai Reddy Kapoor Bhatt Nair Sengupta".split()),
    ),
    Home(
        "US",
        "en",
        6,
        "+1212",
        tuple("Madison Tyler Brooke Austin Hailey Logan Savannah Cody Paige Mason".split()),
        tuple("Thornton Delgado Kowalski Nguyen Sullivan Ramirez Whitaker O'Brien Castillo Novak".split()),
    ),
)
_LATIN = "abcdefghijklmnopqrstuvwxyz"


def person(number: int, since: datetime, random: Random) -> Known:
    """Somebody who first asks at an instant; of two with different numbers no address or phone number is the same."""
    [home] = random.choices(HOMES, [each.weight for each in HOMES])
    given, family = random.choice(home.given), random.choice(home.family)
    mailbox = "".join(letter for letter in f"{given}.{family}".lower() if letter in f"{_LATIN}.").strip(".") or "guest"
    host = random.choice(("example.com", "example.net", "mail.example", "post.example"))
    return Known(
        id=ids.at(since, random),
        since=since,
        given_name=given,
        family_name=family,
        email=f"{mailbox}{number}@{host}" if random.random() < 0.93 else None,
        phone=f"{home.mobile}{number % 10_000_000:07d}" if random.random() < 0.72 else None,
        language=home.language,
        country=home.country,
        owner_id=None,
        team_id=None,
    )
