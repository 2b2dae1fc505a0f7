"""How a person wants to be told what."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from core.sdk import Fault, Invalid, Notice, current_user_id

from ..models import Preference
from ..repository.choices import alone, preferences
from ..schemas import Choice, KindView, PreferencesPatch, PreferencesView
from . import channels, digests, kinds

Wanted = dict[str, dict[str, Choice | None]]


def view() -> PreferencesView:
    """Every kind of notice, with one's choice on every channel."""
    delivered = channels.delivering()
    shown, standard, mine = channels.views(delivered), channels.defaults(delivered), preferences.mine()
    found = []
    for notice in _kinds().values():
        choices = {each.name: mine.get((notice.name, each.name), standard.get(each.name, "off")) for each in shown}
        found.append(KindView(notice.name, notice.summary, notice.digest, choices))
    return PreferencesView(shown, found)


def change(patch: PreferencesPatch) -> PreferencesView:
    """Choose anew. Raises Invalid with every fault."""
    wanted = {} if patch.kinds is UNSET else patch.kinds
    faults = list(_faults(wanted))
    if faults:
        raise Invalid(errors=faults)
    user_id = current_user_id()
    # Two tabs at once would both add the same row.
    alone(user_id)
    rows = preferences.rows_of(user_id)
    for kind, choices in wanted.items():
        for channel, choice in choices.items():
            row = rows.get((kind, channel))
            if choice is None:
                _forget(row)
            elif row is not None:
                row.choice = choice
            else:
                preferences.add(Preference(user_id=user_id, kind=kind, channel=channel, choice=choice))
    preferences.save()
    return view()


def _forget(row: Preference | None) -> None:
    if row is not None:
        preferences.remove(row)


def _kinds() -> dict[str, Notice]:
    """What can be chosen: the digest itself comes to whoever wants something daily."""
    return {name: notice for name, notice in sorted(kinds.offered().items()) if name != digests.KIND}


def _faults(wanted: Wanted) -> Iterator[Fault]:
    known, existing = _kinds(), {each.name for each in channels.views(channels.delivering())}
    for kind, choices in wanted.items():
        notice = known.get(kind)
        if notice is None:
            yield Fault(f"/kinds/{_escaped(kind)}", "unknown", f"There is no kind of notice {kind}")
            continue
        for channel, choice in choices.items():
            pointer = f"/kinds/{kind}/{_escaped(channel)}"
            if channel not in existing:
                yield Fault(pointer, "unknown", f"There is no channel {channel}")
            elif choice == "daily" and not notice.digest:
                yield Fault(pointer, "choice", f"{kind} does not wait for a digest; choose now or off")


def _escaped(name: str) -> str:
    """A name as one step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
