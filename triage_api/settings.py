"""What an operator may set about the web side, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """An identity provider (OpenID Connect) that the board is registered with. ``label`` is what its button says."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scopes: str = "openid profile email"
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """How the board and the API behave towards browsers and programs.

    ``base_url`` is where browsers find the board (``https://sahut.kota.example``); "" takes each request's own Host.
    ``cookie_secure`` sends the session cookie over TLS only and names it with ``__Host-``. ``allowed_hosts`` empty
    takes any Host header. ``max_body`` is in bytes, which come within ``body_seconds``;
    ``max_upload`` and ``upload_seconds`` are those of a file to be read in.
    ``token_per_minute`` requests may come with one program's key, and ``wrong_token_per_minute`` with keys that nobody
    has from one address; 0 for any number. ``provider`` is whose word lets people in beside a password, if any.
    """

    base_url: str = ""
    cookie_secure: bool = False
    allowed_hosts: tuple[str, ...] = ()
    session_idle: timedelta = timedelta(hours=12)
    session_lifetime: timedelta = timedelta(days=7)
    failed_window: timedelta = timedelta(minutes=15)
    failed_per_account: int = 10
    failed_per_address: int = 50
    token_per_minute: int = 600
    wrong_token_per_minute: int = 60
    max_body: int = 1_048_576
    body_seconds: float = 60.0
    max_upload: int = 20 * 1_048_576
    upload_seconds: float = 600.0
    open_metrics: bool = False
    provider: ProviderSettings | None = None

    @property
    def cookie_name(self) -> str:
        """A ``__Host-`` cookie cannot be set by a neighbouring host or over plain HTTP."""
        return "__Host-sahut_session" if self.cookie_secure else "sahut_session"

    @property
    def challenge_name(self) -> str:
        """The cookie of a sign-in that waits for its code."""
        return "__Host-sahut_challenge" if self.cookie_secure else "sahut_challenge"

    @property
    def departure_name(self) -> str:
        """The cookie of a browser that was sent to the identity provider."""
        return "__Host-sahut_departure" if self.cookie_secure else "sahut_departure"
