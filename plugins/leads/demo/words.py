"""What agents write down, in the languages of the demo world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Words(NamedTuple):
    """What is written in one language."""

    places: Mapping[str, str]
    """How destinations are called; those that are not in it as in English."""
    cities: Mapping[str, tuple[str, ...]]
    """Where people start from, by the country they live in."""
    tags: tuple[str, ...]
    occasions: tuple[str, ...]
    interests: tuple[str, ...]
    notes: tuple[str, ...]
    mentions: tuple[str, ...]
    """Notes to a colleague, whose name is put in."""
    restrictions: tuple[str, ...]
    moves: Mapping[str, tuple[str, ...]]
    """What is noted at a step to a status."""


_CITIES = {
    "GB": ("London", "Manchester", "Edinburgh"),
    "DE": ("Frankfurt", "München", "Hamburg"),
    "PT": ("Lisbon", "Porto"),
    "FR": ("Paris", "Lyon"),
    "US": ("New York", "Boston"),
    "IN": ("Mumbai", "Delhi"),
    "AE": ("Dubai",),
}
_ENGLISH = Words(
    places={},
    cities=_CITIES,
    tags=("honeymoon", "family", "vip", "repeat", "last minute", "school holidays", "diving", "group", "golf"),
    occasions=("honeymoon", "anniversary", "60th birthday", "graduation", "proposal"),
    interests=("wildlife", "food", "hiking", "beaches", "culture", "diving", "photography", "wine", "trains", "spa"),
    notes=(
        "Called back: prefers afternoons, and wants to see two options before the weekend.",
        "Asked for adjoining rooms and a transfer without waiting.",
        "Travelled with another agency last year and was unhappy with the hotel.",
        "Flexible by a week if flights are much cheaper.",
        "Wants everything on one invoice; will pay by bank transfer.",
        "Sent the first ideas by e-mail, waiting for an answer.",
        "Grandparents come along: little walking, ground floor where possible.",
    ),
    mentions=(
        "@{name} can you check whether the lodge still has two family rooms?",
        "@{name} I am away from Thursday: please call them if they write.",
        "@{name} they ask for 5 % off. May I?",
    ),
    restrictions=(
        "Nut allergy, carries an EpiPen.",
        "Vegetarian; one child coeliac.",
        "Uses a wheelchair for longer ways.",
        "Halal food only.",
        "Diabetic: regular meals, a fridge in the room.",
    ),
    moves={
        "contacted": ("Spoke on the phone.", "Wrote back with first questions.", "Answered on WhatsApp."),
        "proposal_sent": ("Sent the proposal as a PDF.", "Sent two options by e-mail."),
        "won": ("They said yes and pay the deposit this week.", "Signed; deposit received."),
        "lost": ("It came to nothing.", "They booked elsewhere.", "No answer to three letters."),
    },
)
_ARABIC = Words(
    places={
        "Kenya": "كينيا",
        "Tanzania": "تنزانيا",
        "Zanzibar": "زنجبار",
        "Morocco": "المغرب",
        "Sahara": "الصحراء",
        "Jordan": "الأردن",
        "Petra": "البتراء",
        "Wadi Rum": "وادي رم",
        "Italy": "إيطاليا",
        "Rome": "روما",
        "Florence": "فلورنسا",
        "Sicily": "صقلية",
        "Venice": "البندقية",
        "Dolomites": "الدولوميت",
        "Japan": "اليابان",
        "Tokyo": "طوكيو",
        "Kyoto": "كيوتو",
        "Hokkaido": "هوكايدو",
        "Thailand": "تايلاند",
        "Bangkok": "بانكوك",
        "Phuket": "بوكيت",
        "Chiang Mai": "شيانغ ماي",
        "Krabi": "كرابي",
        "Bali": "بالي",
        "Lombok": "لومبوك",
        "Rajasthan": "راجستان",
        "Agra": "أغرا",
        "Dubai": "دبي",
        "Abu Dhabi": "أبوظبي",
        "Makkah": "مكة المكرمة",
        "Madinah": "المدينة المنورة",
    },
    cities={
        "SA": ("الرياض", "جدة", "الدمام"),
        "AE": ("دبي", "أبوظبي"),
        "KW": ("الكويت",),
        "EG": ("القاهرة", "الإسكندرية"),
        "IN": ("مومباي",),
    },
    tags=("شهر عسل", "عائلة", "كبار الشخصيات", "عميل سابق", "مستعجل", "إجازة مدرسية", "مجموعة", "عمرة"),
    occasions=("شهر عسل", "ذكرى زواج", "تخرج", "عيد"),
    interests=("طبيعة", "تسوق", "مطاعم", "شواطئ", "متاحف", "تصوير", "تاريخ إسلامي", "ألعاب أطفال"),
    notes=(
        "تم الاتصال: يفضل التواصل مساءً ويريد خيارين قبل نهاية الأسبوع.",
        "طلب غرفاً متجاورة وسيارة خاصة من المطار.",
        "سافر مع مكتب آخر العام الماضي ولم يعجبه الفندق.",
        "مرن في التاريخ أسبوعاً إذا كان الطيران أرخص.",
        "يريد فاتورة واحدة والدفع بالتحويل البنكي.",
        "معهم كبار في السن: فندق قريب من الحرم وكرسي متحرك.",
    ),
    mentions=(
        "@{name} هل يمكن التأكد من توفر غرفتين عائليتين؟",
        "@{name} أنا في إجازة من الخميس، أرجو الرد عليهم إذا راسلونا.",
        "@{name} يطلبون خصماً بسيطاً، هل أوافق؟",
    ),
    restrictions=(
        "حساسية من المكسرات.",
        "سكري: وجبات منتظمة وثلاجة في الغرفة.",
        "كرسي متحرك للمسافات الطويلة.",
        "طعام نباتي لشخص واحد.",
    ),
    moves={
        "contacted": ("تم التواصل هاتفياً.", "تم الرد عبر واتساب."),
        "proposal_sent": ("أُرسل العرض بصيغة PDF.", "أُرسل خياران بالبريد الإلكتروني."),
        "won": ("وافقوا وسيدفعون العربون هذا الأسبوع.", "تم التوقيع واستلام العربون."),
        "lost": ("لم يتم الاتفاق.", "حجزوا عند مكتب آخر.", "لا رد بعد ثلاث رسائل."),
    },
)
OF: Mapping[str, Words] = {"en": _ENGLISH, "ar": _ARABIC}


def of(language: str) -> Words:
    """What agents write who speak a language; English where the demo world does not."""
    return OF.get(language, _ENGLISH)
