"""Second factors on the wire."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.auth.schemas import Tokens
from core.fields import Instant
from core.http.structs import Draft, Patch, View

TotpCode = Annotated[str, Meta(pattern="^[0-9]{6}$", description="What the app shows now.", examples=["492039"])]
RecoveryText = Annotated[
    str,
    Meta(min_length=20, max_length=40, description="One of the codes.", examples=["k7bqd-m2xwa-tz5rf-j4gpc"]),
]
Password = Annotated[str, Meta(min_length=1, max_length=1024, examples=["a long and quiet passphrase"])]
ChallengeText = Annotated[str, Meta(min_length=1, max_length=200, examples=["pYtu3rUjq2Rk0m9n"])]
Encoded = Annotated[str, Meta(max_length=65_536, description="Bytes in base64url.", examples=["AAEC"])]
KeyName = Annotated[
    str,
    Meta(pattern="^[^\\x00-\\x1f\\x7f]*$", min_length=1, max_length=80, description="Name.", examples=["My phone"]),
]
_OPTIONS = "Pass it to the browser: `PublicKeyCredential.parse{}OptionsFromJSON`."
RequestOptions = Annotated[dict[str, Any], Meta(description=_OPTIONS.format("Request"))]
CreationOptions = Annotated[dict[str, Any], Meta(description=_OPTIONS.format("Creation"))]


# Browsers add members to these two as WebAuthn grows, and what is added must not keep anybody out.
class AssertionResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What the device signed."""

    client_data: Encoded = msgspec.field(name="clientDataJSON")
    authenticator_data: Encoded = msgspec.field(name="authenticatorData")
    signature: Encoded
    user_handle: Encoded | None = msgspec.field(name="userHandle", default=None)


class AttestationResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A new key, as the device tells it."""

    client_data: Encoded = msgspec.field(name="clientDataJSON")
    attestation: Encoded = msgspec.field(name="attestationObject")
    transports: Annotated[list[Annotated[str, Meta(max_length=20)]], Meta(max_length=10)] = []


class PasskeyAssertion(msgspec.Struct, frozen=True, kw_only=True):
    """What `navigator.credentials.get` answered, by its `toJSON()`."""

    id: Encoded
    raw_id: Encoded = msgspec.field(name="rawId")
    type: Annotated[str, Meta(max_length=20, examples=["public-key"])]
    response: AssertionResponse


class PasskeyAttestation(msgspec.Struct, frozen=True, kw_only=True):
    """What `navigator.credentials.create` answered, by its `toJSON()`."""

    id: Encoded
    raw_id: Encoded = msgspec.field(name="rawId")
    type: Annotated[str, Meta(max_length=20, examples=["public-key"])]
    response: AttestationResponse


class SecondFactor(Draft):
    """The second proof of a sign-in: exactly one of `totp`, `recovery_code` and `passkey`."""

    challenge: ChallengeText
    totp: TotpCode | UnsetType = UNSET
    recovery_code: RecoveryText | UnsetType = UNSET
    passkey: PasskeyAssertion | UnsetType = UNSET


class NewProof(Draft):
    """Who you are, anew: exactly one of these. A password is not enough for whoever has a second factor."""

    password: Password | UnsetType = UNSET
    totp: TotpCode | UnsetType = UNSET
    recovery_code: RecoveryText | UnsetType = UNSET
    passkey: PasskeyAssertion | UnsetType = UNSET


class PasskeySignIn(Draft):
    """A passkey instead of e-mail address and password, and the agency for people who belong to several."""

    passkey: PasskeyAssertion
    agency: Annotated[str, Meta(description="Slug of the agency.", examples=["sunrise-travel"])] | UnsetType = UNSET


class ChallengeDraft(Draft):
    """The challenge of a sign-in that wants a second factor first."""

    challenge: ChallengeText


class FirstTotp(Draft):
    """The first code of the app that a sign-in asked for."""

    challenge: ChallengeText
    enrolment: ChallengeText
    code: TotpCode


class FirstPasskey(Draft):
    """The passkey that a sign-in asked for."""

    challenge: ChallengeText
    name: KeyName
    credential: PasskeyAttestation


class PasskeyRequest(View):
    """How to ask a device for a proof."""

    options: RequestOptions
    expires_in: int


class PasskeyCreation(View):
    """How to ask a device for a new key."""

    options: CreationOptions
    expires_in: int


class TotpEnrolment(View):
    """An authenticator app about to be set up: nothing counts until a first code is confirmed."""

    enrolment: Annotated[str, Meta(description="Send it with the first code.")]
    secret: Annotated[str, Meta(description="For typing into the app, in base32. It is shown this once.")]
    uri: Annotated[str, Meta(description="`otpauth:`, what the picture says.")]
    qr_svg: Annotated[str, Meta(description="The picture, for the app's camera.")]
    expires_in: int


class TotpConfirmation(Draft):
    """The first code of the new app."""

    enrolment: ChallengeText
    code: TotpCode


class PasskeyDraft(Draft):
    """A new passkey."""

    name: KeyName
    credential: PasskeyAttestation


class PasskeyPatch(Patch):
    """Another name for a passkey."""

    name: KeyName | UnsetType = UNSET


class PasskeyView(View):
    """A passkey."""

    id: UUID
    name: str
    transports: list[str]
    backed_up: bool
    created_at: Instant
    last_used_at: Instant | None


class TotpView(View):
    """An authenticator app."""

    created_at: Instant
    last_used_at: Instant | None


class FactorsView(View):
    """The second factors of the signed-in person."""

    totp: TotpView | None
    passkeys: list[PasskeyView]
    recovery_codes: Annotated[int, Meta(description="How many are left.")]
    required: Annotated[bool, Meta(description="Whether one of your agencies or roles asks for a second factor.")]
    methods: Annotated[list[str], Meta(description="How you proved who you are in this session, as in RFC 8176.")]


class RecoveryCodes(View):
    """Codes for whoever has lost the other factors; shown this once, each good once."""

    recovery_codes: list[str]


class Enrolled(View):
    """A factor that counts from now on."""

    recovery_codes: Annotated[list[str], Meta(description="With the first factor only; shown this once.")]
    passkey: PasskeyView | None


class SignedInWithFactor(View):
    """The session that the new factor opened."""

    tokens: Tokens
    recovery_codes: Annotated[list[str], Meta(description="Shown this once.")]


class FactorRule(View):
    """Whether everybody in the agency needs a second factor."""

    required: bool


class FactorRulePatch(Patch):
    """Whether everybody in the agency needs a second factor; roles may ask for one besides."""

    required: bool
