"""Where clients live, and how people are called there."""

from __future__ import annotations

from typing import NamedTuple


class Home(NamedTuple):
    """A country that clients come from."""

    country: str
    language: str
    mobile: str
    """E.164, without the last seven digits."""
    given: tuple[str, ...]
    """Names; where they are not written in Latin letters, with the Latin form behind a colon."""
    family: tuple[str, ...]


HOMES = {
    home.country: home
    for home in (
        Home(
            "GB",
            "en",
            "+44770",
            tuple("Amelia Oliver Isla George Freya Arthur Poppy Hugo Florence Rory Imogen Callum Beatrice".split()),
            tuple("Whitmore Barnes Hargreaves Sutton Pemberton Ashworth Fielding Marlowe Kerr Tate Yates".split()),
        ),
        Home(
            "DE",
            "de",
            "+491511",
            tuple("Lena Jonas Mia Felix Jürgen Heike Björn Katharina Sören Anneliese Matthias Käthe Tobias".split()),
            tuple("Müller Schröder Köhler Weiß Brandt Vogel Lindner Hartmann Böhm Jäger Günther Seidel".split()),
        ),
        Home(
            "PT",
            "pt",
            "+35191",
            tuple("Inês João Mariana Tiago Conceição Gonçalo Beatriz Simão Leonor Rui Catarina Duarte".split()),
            tuple("Gonçalves Araújo Magalhães Fonseca Moura Nóbrega Sequeira Brandão Falcão Teixeira".split()),
        ),
        Home(
            "FR",
            "fr",
            "+3361",
            tuple("Chloé Léa Hélène Étienne Benoît Camille Thibault Océane Guillaume Margaux Aurélien".split()),
            tuple("Lefèvre Moreau Girard Perrin Besson Chevalier Dumont Rivière Guérin Marchand Colin".split()),
        ),
        Home(
            "US",
            "en",
            "+1212",
            tuple("Madison Tyler Brooke Austin Hailey Logan Savannah Cody Paige Mason".split()),
            tuple("Thornton Delgado Kowalski Nguyen Sullivan Ramirez Whitaker O'Brien Castillo Novak".split()),
        ),
        Home(
            "IN",
            "en",
            "+91981",
            tuple("Asha Rohan Priya Arjun Kavya Vikram Meera Aditya Ananya Nikhil Ishaan Divya".split()),
            tuple("Iyer Kulkarni Banerjee Chaudhary Menon Desai Reddy Kapoor Bhatt Nair Sengupta".split()),
        ),
        Home(
            "SA",
            "ar",
            "+96650",
            tuple(
                "نورة:noura عبدالله:abdullah ريم:reem سلطان:sultan هيا:haya تركي:turki لمى:lama بندر:bandar"
                " العنود:alanoud سعود:saud جواهر:jawaher فيصل:faisal".split()
            ),
            tuple(
                "الشمري:alshammari العنزي:alanazi القرني:alqarni الزهراني:alzahrani المالكي:almalki"
                " السهلي:alsahli البقمي:albaqmi الجهني:aljuhani الرشيدي:alrashidi".split()
            ),
        ),
        Home(
            "AE",
            "ar",
            "+97150",
            tuple(
                "فاطمة:fatima محمد:mohammed ليلى:layla يوسف:yousef مريم:maryam خالد:khalid سلامة:salama"
                " عائشة:aisha طارق:tariq هند:hind".split()
            ),
            tuple(
                "المنصوري:almansoori الكعبي:alkaabi الظاهري:aldhaheri النعيمي:alnuaimi الشامسي:alshamsi"
                " الهاشمي:alhashimi المزروعي:almazrouei الحمادي:alhammadi".split()
            ),
        ),
        Home(
            "KW",
            "ar",
            "+96550",
            tuple("دلال:dalal مشاري:meshari شيخة:sheikha ناصر:nasser بدور:budour جاسم:jassim حصة:hessa".split()),
            tuple("المطوع:almutawa العجمي:alajmi الفضلي:alfadhli الكندري:alkandari الخالدي:alkhaldi".split()),
        ),
        Home(
            "EG",
            "ar",
            "+20101",
            tuple("ياسمين:yasmin كريم:karim منى:mona شريف:sherif دينا:dina عمرو:amr نهى:noha حازم:hazem".split()),
            tuple("المصري:elmasry الشناوي:elshenawy عوض:awad البدري:elbadry سالم:salem فوزي:fawzy".split()),
        ),
    )
}
_WESTERN = (("GB", 28), ("DE", 20), ("PT", 16), ("FR", 14), ("IN", 9), ("US", 8), ("AE", 5))
_ARABIC = (("SA", 62), ("AE", 14), ("KW", 11), ("EG", 9), ("IN", 4))


def weighted(language: str) -> tuple[tuple[Home, ...], tuple[int, ...]]:
    """Where the clients of an agency live that speaks this language, and how many of them live there."""
    market = _ARABIC if language == "ar" else _WESTERN
    return tuple(HOMES[country] for country, _ in market), tuple(weight for _, weight in market)
