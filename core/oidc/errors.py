"""What can go wrong with identity providers."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Problem, Unauthorized, Unavailable


class NameTaken(Conflict):
    """Another provider of the agency has this name."""

    code = "name_taken"
    title = "There is a provider with this name already"


class DomainListed(Conflict):
    """The agency has this domain on its list."""

    code = "domain_listed"
    title = "This domain is on the list already"


class LinkedOtherwise(Conflict):
    """The provider knows this person under another subject, or the subject as another member."""

    code = "oidc_linked_otherwise"
    title = "The provider knows somebody else by this, or you by something else"


class UnknownState(Unauthorized):
    """The sign-in was not begun here, is over, or took longer than ten minutes."""

    code = "oidc_state_unknown"
    title = "Begin the sign-in again"


class SignInRefused(Unauthorized):
    """The provider did not confirm who this is, or what it sent is not to be believed."""

    code = "oidc_refused"
    title = "The identity provider did not confirm who you are"


class NotVouched(Forbidden):
    """The provider knows the person; the agency does not, or not by an address the provider has verified."""

    code = "oidc_not_a_member"
    title = "Nobody here has a verified e-mail address of this provider that is yours"


class ProviderDown(Unavailable):
    """The identity provider does not answer at the moment."""

    code = "oidc_provider_down"
    title = "The identity provider does not answer"


class ProviderBroken(Problem):
    """The identity provider answers with something that is no OpenID Connect, or from where we do not go."""

    status = 502
    code = "oidc_provider_broken"
    title = "The identity provider gives no usable answer"
