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
    """Beside a field that cannot be read, where nothing better can be said."""
    email: str
    phone: str
    number: str
    date: str
    order: str
    """Beside a day on which something ends before it begins."""
    too_long: str
    choice: str
    consent: str
    again: str
    """Where the page was open for too long."""
    robot: str
    busy: str
    gone: str
    leave_empty: str


# A number of several parts is set apart from what is written from right to left, which would turn their order.
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
        email="Please enter an e-mail address, such as ana@example.com.",
        phone="Please enter a phone number with the country code, such as +351 912 345 678.",
        number="Please enter a number that is possible here, such as 2.",
        date="Please enter a date that there is.",
        order="This is before the day it begins.",
        too_long="This is too long.",
        choice="Please choose from what is offered.",
        consent="We need your agreement.",
        again="This page was open for a long time. Please send it again.",
        robot="Please show once more that you are a person.",
        busy="There is a lot going on here at the moment. Please try again in a minute.",
        gone="There is no form at this address, or not any more.",
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
        email="يرجى إدخال عنوان بريد إلكتروني، مثل ana@example.com.",
        phone="يرجى إدخال رقم هاتف مع رمز البلد، مثل \u2066+351 912 345 678\u2069.",
        number="يرجى إدخال رقم ممكن هنا، مثل 2.",
        date="يرجى إدخال تاريخ صحيح.",
        order="هذا التاريخ قبل يوم البداية.",
        too_long="هذا النص طويل جدًا.",
        choice="يرجى الاختيار مما هو معروض.",
        consent="نحتاج إلى موافقتك.",
        again="بقيت هذه الصفحة مفتوحة وقتًا طويلاً. يرجى الإرسال مرة أخرى.",
        robot="يرجى التأكيد مرة أخرى أنك لست برنامجًا آليًا.",
        busy="هناك ضغط كبير حاليًا. يرجى المحاولة بعد دقيقة.",
        gone="لا توجد استمارة في هذا العنوان، أو لم تعد موجودة.",
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
        email="נא להזין כתובת דוא״ל, למשל ana@example.com.",
        phone="נא להזין מספר טלפון עם קידומת המדינה, למשל \u2066+351 912 345 678\u2069.",
        number="נא להזין מספר אפשרי, למשל 2.",
        date="נא להזין תאריך קיים.",
        order="התאריך קודם ליום ההתחלה.",
        too_long="הטקסט ארוך מדי.",
        choice="נא לבחור מתוך האפשרויות.",
        consent="נדרשת הסכמתך.",
        again="הדף היה פתוח זמן רב. נא לשלוח שוב.",
        robot="נא לאשר שוב שאינך תוכנה.",
        busy="יש כרגע עומס רב. נא לנסות שוב בעוד דקה.",
        gone="אין טופס בכתובת זו, או שהוא כבר לא קיים.",
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
        email="Escreva um endereço de e-mail, como ana@example.com.",
        phone="Escreva um número de telefone com o indicativo do país, como +351 912 345 678.",
        number="Escreva um número possível, como 2.",
        date="Escreva uma data que exista.",
        order="Esta data é anterior ao início.",
        too_long="Isto é demasiado longo.",
        choice="Escolha uma das opções.",
        consent="Precisamos do seu acordo.",
        again="Esta página esteve aberta muito tempo. Envie outra vez.",
        robot="Mostre mais uma vez que é uma pessoa.",
        busy="Há muito movimento neste momento. Tente outra vez daqui a um minuto.",
        gone="Não há nenhum formulário neste endereço, ou já não há.",
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
        email="Escriba una dirección de correo, como ana@example.com.",
        phone="Escriba un número de teléfono con el prefijo del país, como +351 912 345 678.",
        number="Escriba un número posible, como 2.",
        date="Escriba una fecha que exista.",
        order="Esta fecha es anterior al inicio.",
        too_long="Esto es demasiado largo.",
        choice="Elija una de las opciones.",
        consent="Necesitamos su consentimiento.",
        again="Esta página ha estado abierta mucho tiempo. Envíela otra vez.",
        robot="Muestre otra vez que es una persona.",
        busy="Hay mucho movimiento en este momento. Inténtelo dentro de un minuto.",
        gone="No hay ningún formulario en esta dirección, o ya no lo hay.",
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
        email="Indiquez une adresse e-mail, par exemple ana@example.com.",
        phone="Indiquez un numéro de téléphone avec l'indicatif du pays, par exemple +351 912 345 678.",
        number="Indiquez un nombre possible, par exemple 2.",
        date="Indiquez une date qui existe.",
        order="Cette date précède le début.",
        too_long="C'est trop long.",
        choice="Choisissez parmi ce qui est proposé.",
        consent="Votre accord est nécessaire.",
        again="Cette page est restée ouverte longtemps. Veuillez l'envoyer à nouveau.",
        robot="Montrez encore une fois que vous êtes une personne.",
        busy="Il y a beaucoup de demandes en ce moment. Réessayez dans une minute.",
        gone="Il n'y a pas de formulaire à cette adresse, ou il n'y en a plus.",
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
        email="Bitte geben Sie eine E-Mail-Adresse an, etwa ana@example.com.",
        phone="Bitte geben Sie eine Telefonnummer mit Ländervorwahl an, etwa +351 912 345 678.",
        number="Bitte geben Sie eine mögliche Zahl an, etwa 2.",
        date="Bitte geben Sie ein Datum an, das es gibt.",
        order="Dieser Tag liegt vor dem Beginn.",
        too_long="Das ist zu lang.",
        choice="Bitte wählen Sie aus, was angeboten wird.",
        consent="Wir brauchen Ihre Zustimmung.",
        again="Diese Seite war lange offen. Bitte senden Sie sie noch einmal ab.",
        robot="Zeigen Sie bitte noch einmal, dass Sie ein Mensch sind.",
        busy="Gerade ist viel los. Bitte versuchen Sie es in einer Minute noch einmal.",
        gone="Unter dieser Adresse gibt es kein Formular, oder keines mehr.",
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
