"""What letters about sign-in say. English for now: other languages join here, chosen by the person's own."""

from __future__ import annotations

from core.auth.letters.topics import NewDevice, RegistrationAsked
from core.auth.people.persons import Person
from core.mail.api import Message

_FOOTER = "\n\nTripfile\n"
_UNASKED = "If it was not you who asked for this, there is nothing you need to do: nothing has changed."
_ALARM = (
    "If this was not you, ask for a new password at once where you sign in; that ends every session. Then tell whoever"
    " administers your agency."
)


def reset(person: Person, address: str) -> Message:
    """How to set a new password."""
    text = (
        f"{_greeting(person.name)}\n\nsomebody, most likely you, asked for a new password for your account.\n\n"
        f"Open this link within an hour to choose one; it is good once:\n\n{address}\n\n"
        f"All your sessions end then. A second factor stays as it is.\n\n{_UNASKED}"
    )
    return _message(person.email, "A new password for Tripfile", text)


def registration(asked: RegistrationAsked, address: str) -> Message:
    """How to finish a registration."""
    # The names were typed in by somebody nobody knows yet: a letter of ours must not carry their text.
    text = (
        "Hello,\n\nsomebody, most likely you, wants to use Tripfile with this address.\n\n"
        f"Open this link within 24 hours to choose a password and begin; it is good once:\n\n{address}\n\n"
        "If it was not you, there is nothing you need to do: no account is made."
    )
    return _message(asked.email, "Welcome to Tripfile: one more step", text)


def registered_already(person: Person) -> Message:
    """What somebody gets who registers a second time."""
    text = (
        f"{_greeting(person.name)}\n\nsomebody, most likely you, tried to register with this address. You have an"
        " account already: sign in with it, or ask for a new password there if you no longer know yours.\n\n"
        f"{_UNASKED}"
    )
    return _message(person.email, "You have a Tripfile account already", text)


def verification(person: Person, address: str) -> Message:
    """How to show that an address is one's own."""
    text = (
        f"{_greeting(person.name)}\n\nopen this link within 24 hours to confirm that this address is yours; it is good"
        f" once:\n\n{address}\n\n{_UNASKED}"
    )
    return _message(person.email, "Confirm your e-mail address", text)


def email_change(person: Person, email: str, address: str) -> Message:
    """How to move an account to a new address; it goes to that."""
    text = (
        f"{_greeting(person.name)}\n\nopen this link within 24 hours to use this address for your account from now on;"
        f" it is good once:\n\n{address}\n\n{_UNASKED}"
    )
    return _message(email, "Confirm your new e-mail address", text)


def email_change_begun(person: Person, old: str, address: str) -> Message:
    """What the present address gets when somebody asks for another one."""
    text = (
        f"{_greeting(person.name)}\n\nsomebody signed in as you asked to use another e-mail address for your account."
        " A link was sent to the new address, which is the one you sign in with once it was opened.\n\nIf this was you,"
        " there is nothing you need to do. If it was not, open this link within three days: you keep this address,"
        " or get it back, every session ends, and you are sent a link to choose another password.\n\n"
        f"{address}\n\nThen look through your passkeys and other second factors, and through your API keys: what"
        " somebody else added there is still good. Tell whoever administers your agency."
    )
    return _message(old, "Somebody asked to change your e-mail address", text)


def address_in_use(person: Person) -> Message:
    """What the owner of an address gets when somebody else wants it for another account."""
    text = (
        f"{_greeting(person.name)}\n\nsomebody tried to move another account to this address. It belongs to your"
        f" account, so that was refused.\n\n{_UNASKED}"
    )
    return _message(person.email, "Your address belongs to your account", text)


def email_changed(person: Person, old: str) -> Message:
    """What the old address gets when an account moves away from it."""
    text = (
        f"{_greeting(person.name)}\n\nthe e-mail address of your account was changed. This one no longer signs in, and"
        " you get no more letters here.\n\nIf this was not you, open the link of the letter that came when it was asked"
        " for: for three days it gives you this address back. Then tell whoever administers your agency."
    )
    return _message(old, "The e-mail address of your account was changed", text)


def email_taken_back(person: Person, old: str) -> Message:
    """What an address gets that an account has left because the change to it was undone."""
    text = (
        f"{_greeting(person.name)}\n\nthe change of your account's e-mail address was undone with a link that its"
        " former address was sent. This one no longer signs in, you get no more letters here, and every session has"
        " ended.\n\n"
        "If the former address is not yours, tell whoever administers your agency."
    )
    return _message(old, "The change of your e-mail address was undone", text)


def password_set(person: Person) -> Message:
    """What somebody gets who has another password."""
    text = (
        f"{_greeting(person.name)}\n\nthe password of your account was changed, and every other session has ended.\n\n"
        f"{_ALARM}"
    )
    return _message(person.email, "Your password was changed", text)


def new_device(person: Person, told: NewDevice) -> Message:
    """What somebody gets when a device nobody knew signs in to their account."""
    text = (
        f"{_greeting(person.name)}\n\nsomebody signed in to your account from a device that was not used before.\n\n"
        f"When:    {told.at:%Y-%m-%d %H:%M} UTC\nAddress: {told.ip or 'unknown'}\n"
        f"Device:  {told.user_agent or 'unknown'}\n\nIf this was you, there is nothing you need to do.\n{_ALARM}"
    )
    return _message(person.email, "A new device signed in to your account", text)


def _greeting(name: str) -> str:
    return f"Hello {' '.join(name.split())},"


def _message(to: str, subject: str, text: str) -> Message:
    return Message(to, subject, text + _FOOTER)
