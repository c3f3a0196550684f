"""The settings of one process: SAHUT_* variables and an optional `.env` in, one frozen value out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from config._lines import Path as KeyPath
from config.faults import SettingsFaultsError, close_to, from_validation
from config.files import SHIPPED_POLICY
from sahut.core.errors import SettingsError

PREFIX = "SAHUT_"
_DRIVER = "postgresql+psycopg://"


class Settings(BaseSettings):
    """Everything that an operator may set; each field is the variable SAHUT_ + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    var_dir: Annotated[Path, Field(description="Where Sahut keeps its own files")] = Path("var")
    database_url: Annotated[
        str, Field(description="sqlite:///FILE or postgresql://…; a SQLite file below var_dir when left out")
    ] = ""
    host: Annotated[str, Field(description="Address that the web board listens on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="Port that the web board listens on")] = 8000
    public_url: Annotated[
        str,
        Field(description="Where browsers find the board, as in https://sahut.kota.example"),
    ] = ""
    model: Annotated[str, Field(description="Classifier: onnx, keywords, hub:NAME, or one that a plug-in brings")] = (
        "onnx"
    )
    model_dir: Annotated[
        Path | None, Field(description="Folder of the model's files; the shipped one when left out")
    ] = None
    policy: Annotated[
        Path | None, Field(description="TOML file of thresholds and units; the shipped one when left out")
    ] = None
    sources: Annotated[
        Path | None,
        Field(description="TOML file of sources to add or update at start; else var_dir/sources.toml"),
    ] = None
    allow_hosts: Annotated[
        tuple[str, ...],
        NoDecode,
        Field(description="Hosts inside the network that collectors may read, by name, with commas"),
    ] = ()
    key: Annotated[
        SecretStr,
        Field(description="Keys that seal secrets in the database, with commas, the first seals; else the key file"),
    ] = SecretStr("")
    key_file: Annotated[
        Path | None, Field(description="File of those keys, one a line; var_dir/sahut.key when left out")
    ] = None
    token_per_minute: Annotated[
        int, Field(ge=0, le=1_000_000, description="Requests that one program's key may make a minute; 0: any number")
    ] = 600
    oidc_issuer: Annotated[
        str,
        Field(
            description="Identity provider (OpenID Connect) that staff may sign in with, as in https://id.kota.example"
        ),
    ] = ""
    oidc_client_id: Annotated[str, Field(description="What the provider calls Sahut")] = ""
    oidc_client_secret: Annotated[SecretStr, Field(description="The client's secret; else the file of it")] = SecretStr(
        ""
    )
    oidc_client_secret_file: Annotated[Path | None, Field(description="File of the client's secret")] = None
    oidc_scopes: Annotated[str, Field(description="What is asked for of who signs in")] = "openid profile email"
    oidc_label: Annotated[str, Field(description="What the button says, as in Masuk dengan akun kota")] = ""
    contact: Annotated[
        str, Field(description="A URL or e-mail address in the user agent, so that sites know who reads them")
    ] = ""
    worker_threads: Annotated[int, Field(ge=1, le=64, description="Jobs at the same time in one worker")] = 4
    classifier_threads: Annotated[
        int, Field(ge=1, le=64, description="Processor cores that the classifier may use")
    ] = 2
    tick_seconds: Annotated[float, Field(ge=0.2, le=600, description="How often the scheduler looks for due work")] = 15
    tidy_minutes: Annotated[float, Field(ge=1, le=1440, description="How often what has expired is forgotten")] = 60
    lost_worker_seconds: Annotated[
        float, Field(ge=2, le=3600, description="A worker silent for this long is lost and its jobs start again")
    ] = 60
    lease_minutes: Annotated[
        float,
        Field(ge=0.05, le=120, description="How long a page or a batch may take before another worker takes over"),
    ] = 5
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Field(description="How much the log says")] = (
        "warning"
    )

    @field_validator("allow_hosts", mode="before")
    @classmethod
    def _by_comma(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(host.strip() for host in value.split(",") if host.strip())
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        scheme, _, rest = value.partition("://")
        if scheme in {"postgres", "postgresql"}:
            # SQLAlchemy's short form picks its driver by version: name it.
            return _DRIVER + rest
        if value and scheme not in {"sqlite", "postgresql+psycopg"}:
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _over_tls(cls, value: str) -> str:
        parts = urlsplit(value)
        local = parts.hostname in {"127.0.0.1", "::1", "localhost"}
        if value and not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and local))):
            raise ValueError("must begin with https://")
        if parts.query or parts.fragment:
            raise ValueError("must have neither ? nor #: it is what the provider calls its issuer")
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _openid(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("must hold openid")
        return value

    @property
    def store_url(self) -> str:
        """The database, whether named or the default file."""
        return self.database_url or f"sqlite:///{(self.var_dir / 'sahut.db').resolve()}"

    @property
    def database_file(self) -> Path | None:
        """SQLite's file, None on PostgreSQL."""
        scheme, _, path = self.store_url.partition(":///")
        return Path(path.partition("?")[0]) if scheme == "sqlite" else None

    @property
    def many_machines(self) -> bool:
        """PostgreSQL: roles may run as processes of their own."""
        return self.store_url.startswith("postgresql")

    @property
    def keys_file(self) -> Path:
        """The file of keys that holds while none is named in a variable."""
        return self.key_file or self.var_dir / "sahut.key"

    @property
    def models_dir(self) -> Path:
        """Where versions of the model trained here stand."""
        return self.var_dir / "models"

    @property
    def policy_file(self) -> Path:
        """The policy that holds."""
        return self.policy or SHIPPED_POLICY

    @property
    def sources_file(self) -> Path | None:
        """The sources file that holds, if any; the one below var_dir only when it exists."""
        if self.sources is not None:
            return self.sources
        usual = self.var_dir / "sources.toml"
        return usual if usual.exists() else None


def load(*, env_file: Path = Path(".env")) -> Settings:
    """Settings from variables, else from ``env_file``, else the defaults. Raises SettingsFaultsError."""
    lines, faults = _env_lines(env_file)
    variables = {key.upper() for key in os.environ if key.upper().startswith(PREFIX)}

    def where(key: str) -> tuple[str, int | None, str]:
        return ("environment", None, key) if key in variables else (str(env_file), lines.get(key), key)

    known = [name.upper() for name in Settings.model_fields]
    for key in sorted((variables | set(lines)) - {PREFIX + name for name in known}):
        # Container platforms set variables such as SAHUT_SERVICE_HOST: only what looks like a slip of the pen counts.
        hint = close_to(key.removeprefix(PREFIX), known, prefix=PREFIX)
        if hint or key not in variables:
            file, line, _ = where(key)
            faults.append(SettingsError(f"there is no such setting{hint}", file=file, line=line, key=key))
    try:
        settings = Settings(_env_file=env_file)  # type: ignore[call-arg]  # pydantic-settings adds it at run time
    except ValidationError as error:

        def of_field(path: KeyPath) -> tuple[str, int | None, str]:
            return where(f"{PREFIX}{path[0]}".upper())

        faults += from_validation(error, Settings, where=of_field)
    if faults:
        raise SettingsFaultsError(faults)
    return settings


def repaired(error: SettingsFaultsError, *, env_file: Path = Path(".env")) -> Settings:
    """The default in place of each faulty value, so that a check can go on to the files that the others name."""
    faulty = {fault.key.removeprefix(PREFIX).lower() for fault in error.faults}
    right = {name: field.default for name, field in Settings.model_fields.items() if name in faulty}
    return Settings(_env_file=env_file, **right)  # type: ignore[call-arg]  # as above


def _env_lines(path: Path) -> tuple[dict[str, int], list[SettingsError]]:
    """The line of each SAHUT_* name of a `.env`, and the lines that say nothing."""
    lines: dict[str, int] = {}
    faults: list[SettingsError] = []
    if not path.is_file():
        return lines, faults
    with path.open(encoding="utf-8", errors="replace") as stream:
        for binding in parse_stream(stream):
            written = binding.original.string
            line = binding.original.line + written[: len(written) - len(written.lstrip())].count("\n")
            if binding.error:
                faults.append(SettingsError("write NAME=value", file=str(path), line=line))
            elif binding.key is not None and binding.key.upper().startswith(PREFIX):
                lines[binding.key.upper()] = line
    return lines, faults
