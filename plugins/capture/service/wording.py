"""The few words of forms that agencies need not write, in some languages, and which way they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

_RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur", "yi", "ps", "dv", "ckb"})


class Words(Struct, frozen=True, kw_only=True):
    """Words of a page with a form."""

    send: str
    thanks: str
    required: str
    choose: str
    yes: str
    check: str
    """Over what is to be put right."""
    fill_in: str
    wrong: str
    """Beside a field that cannot be read."""
    consent: str
    again: str
    """Where the page was open for too long."""
    robot: str
    busy: str
    leave_empty: str


_WORDS: Mapping[str, Words] = {
    "en": Words(
        send="Send",
        thanks="Thank you. We will get back to you soon.",
        required="required",
        choose="Please choose",
        yes="Yes",
        check="Please check what is marked below.",
        fill_in="Please fill this in.",
        wrong="Please check this.",
        consent="We need your agreement.",
        again="This page was open for a long time. Please send it again.",
        robot="Please show once more that you are a person.",
        busy="There is a lot going on here at the moment. Please try again in a minute.",
        leave_empty="Leave this empty",
    ),
    "ar": Words(
        send="إرسال",
        thanks="شكرًا لك. سنتواصل معك قريبًا.",
        required="مطلوب",
        choose="يرجى الاختيار",
        yes="نعم",
        check="يرجى مراجعة الحقول المشار إليها أدناه.",
        fill_in="يرجى ملء هذا الحقل.",
        wrong="يرجى التحقق من هذا الحقل.",
        consent="نحتاج إلى موافقتك.",
        again="بقيت هذه الصفحة مفتوحة وقتًا طويلاً. يرجى الإرسال مرة أخرى.",
        robot="يرجى التأكيد مرة أخرى أنك لست برنامجًا آليًا.",
        busy="هناك ضغط كبير حاليًا. يرجى المحاولة بعد دقيقة.",
        leave_empty="اترك هذا الحقل فارغًا",
    ),
    "he": Words(
        send="שליחה",
        thanks="תודה. נחזור אליך בקרוב.",
        required="חובה",
        choose="נא לבחור",
        yes="כן",
        check="נא לבדוק את השדות המסומנים למטה.",
        fill_in="נא למלא שדה זה.",
        wrong="נא לבדוק שדה זה.",
        consent="נדרשת הסכמתך.",
        again="הדף היה פתוח זמן רב. נא לשלוח שוב.",
        robot="נא לאשר שוב שאינך תוכנה.",
        busy="יש כרגע עומס רב. נא לנסות שוב בעוד דקה.",
        leave_empty="נא להשאיר ריק",
    ),
    "pt": Words(
        send="Enviar",
        thanks="Obrigado. Entraremos em contacto em breve.",
        required="obrigatório",
        choose="Escolha",
        yes="Sim",
        check="Verifique o que está assinalado abaixo.",
        fill_in="Preencha este campo.",
        wrong="Verifique este campo.",
        consent="Precisamos do seu acordo.",
        again="Esta página esteve aberta muito tempo. Envie outra vez.",
        robot="Mostre mais uma vez que é uma pessoa.",
        busy="Há muito movimento neste momento. Tente outra vez daqui a um minuto.",
        leave_empty="Deixe vazio",
    ),
    "es": Words(
        send="Enviar",
        thanks="Gracias. Nos pondremos en contacto pronto.",
        required="obligatorio",
        choose="Elija",
        yes="Sí",
        check="Revise lo que está marcado abajo.",
        fill_in="Rellene este campo.",
        wrong="Revise este campo.",
        consent="Necesitamos su consentimiento.",
        again="Esta página ha estado abierta mucho tiempo. Envíela otra vez.",
        robot="Muestre otra vez que es una persona.",
        busy="Hay mucho movimiento en este momento. Inténtelo dentro de un minuto.",
        leave_empty="Deje esto vacío",
    ),
    "fr": Words(
        send="Envoyer",
        thanks="Merci. Nous vous répondrons bientôt.",
        required="obligatoire",
        choose="Choisissez",
        yes="Oui",
        check="Veuillez vérifier ce qui est signalé ci-dessous.",
        fill_in="Veuillez remplir ce champ.",
        wrong="Veuillez vérifier ce champ.",
        consent="Votre accord est nécessaire.",
        again="Cette page est restée ouverte longtemps. Veuillez l'envoyer à nouveau.",
        robot="Montrez encore une fois que vous êtes une personne.",
        busy="Il y a beaucoup de demandes en ce moment. Réessayez dans une minute.",
        leave_empty="Laissez ceci vide",
    ),
    "de": Words(
        send="Absenden",
        thanks="Vielen Dank. Wir melden uns bald.",
        required="Pflichtfeld",
        choose="Bitte wählen",
        yes="Ja",
        check="Bitte prüfen Sie, was unten markiert ist.",
        fill_in="Bitte füllen Sie dies aus.",
        wrong="Bitte prüfen Sie dies.",
        consent="Wir brauchen Ihre Zustimmung.",
        again="Diese Seite war lange offen. Bitte senden Sie sie noch einmal ab.",
        robot="Zeigen Sie bitte noch einmal, dass Sie ein Mensch sind.",
        busy="Gerade ist viel los. Bitte versuchen Sie es in einer Minute noch einmal.",
        leave_empty="Lassen Sie dies leer",
    ),
}
LANGUAGES = frozenset(_WORDS)


def of(language: str) -> Words:
    """The words of a language; English where there are none."""
    return _WORDS.get(main_of(language), _WORDS["en"])


def direction(language: str) -> Literal["ltr", "rtl"]:
    """Which way a language is written."""
    return "rtl" if main_of(language) in _RIGHT_TO_LEFT else "ltr"


def main_of(language: str) -> str:
    """A language without its script and region."""
    return language.partition("-")[0].lower()
