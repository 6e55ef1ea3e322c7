"""Settings of one workstation: environment ``QUANMAI_…`` over ``settings.toml`` over these defaults; checked.

Language and colours chosen in the window override the file, but not the environment.
"""

from __future__ import annotations

import getpass
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from platformdirs import user_config_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from console.domain.actors import Actor, Proof, Role
from console.domain.crews import CrewKind
from console.domain.targets import Goal, Target, Targets
from console.secret_files import read_secret
from console.services.analysis.retention import (
    EXPECTED_DAYS,
    LEAST_READINGS_DAYS,
    MINUTES_DAYS,
    POSITIONS_DAYS,
    QUARTERS_DAYS,
    READINGS_DAYS,
    RetentionRules,
)
from console.services.desk import DeskSettings
from maps.errors import InputFault

_APP = "quanmai"
_CREDENTIALS = ("mqtt", "store", "traccar_token")
_SECRETS = ("mail_password", "webhooks")


class TargetSetting(BaseModel):
    """One target; what is left out keeps its default."""

    model_config = ConfigDict(extra="forbid")

    minutes: float | None = None
    warn_minutes: float | None = None
    tell: Role | None = None


class TargetSettings(BaseModel):
    """Targets by goal."""

    model_config = ConfigDict(extra="forbid")

    acknowledge: TargetSetting = TargetSetting()
    judge: TargetSetting = TargetSetting()
    issue: TargetSetting = TargetSetting()
    crew_arrival: TargetSetting = TargetSetting()
    isolate: TargetSetting = TargetSetting()
    restore: TargetSetting = TargetSetting()

    @model_validator(mode="after")
    def _fit(self) -> Self:
        _ = self.targets  # raises ValueError
        return self

    @property
    def targets(self) -> Targets:
        """The targets. Raises ValueError that names the goal."""
        usual, made = Targets(), dict[str, Target]()
        for goal in Goal:
            given: TargetSetting = getattr(self, goal.value)
            try:
                made[goal.value] = replace(usual.of(goal), **given.model_dump(exclude_none=True))
            except ValueError as fault:
                raise ValueError(f"{goal.value}: {fault}") from fault
        return Targets(**made)


class WebhookSetting(BaseModel):
    """One webhook for issued notices; its secret stands in the credentials file, under ``[webhooks]``."""

    model_config = ConfigDict(extra="forbid")

    url: str
    ca: Path | None = None
    """Certificate of the authority that vouches for the receiver (PEM); default: those of the system."""


class MailSetting(BaseModel):
    """Mail of issued notices; the password stands in the credentials file as ``mail_password``."""

    model_config = ConfigDict(extra="forbid")

    server: str
    """``smtps://host:465`` or ``smtp://host:587`` (STARTTLS)."""
    sender: str
    to: tuple[str, ...]
    user: str = ""
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only the credentials file holds."""

    mail_password: str = field(default="", repr=False)
    webhooks: dict[str, str] = field(default_factory=dict, repr=False)


class Settings(BaseSettings):
    """Settings of an installation.

    Addresses with passwords belong here or into the environment (``QUANMAI_MQTT``, ``QUANMAI_STORE``): a command line is
    visible to every user of the machine.
    """

    model_config = SettingsConfigDict(env_prefix="QUANMAI_", env_nested_delimiter="__", extra="forbid")

    language: str = Field(default="zh_CN", pattern="^(zh_CN|en)$")
    colours: str = Field(default="dark", pattern="^(dark|light)$")
    user: str = ""
    """Shown name at a single seat without sign-in; by default that of the account of the operating system."""
    hotline: str = ""
    issuer: str = ""
    crew_speed_kmh: float = Field(default=25.0, gt=0, le=120)
    limits_file: Path | None = None
    area: str = ""
    """Name or id of an operating area, whose terminal this console is: nothing of other areas; ``--area`` goes before it."""
    area_minutes: float = Field(default=5.0, ge=0, le=24 * 60)
    """An area's terminal acknowledges a case within this time, else the centre is alarmed; 0: there are no such terminals."""
    order_resend_minutes: float = Field(default=2.0, ge=0, le=60)
    """An order that its crew has not answered is sent again after this time, then after twice that …; 0: never."""
    crew_silent_minutes: float = Field(default=30.0, ge=0, le=24 * 60)
    """A crew without an order without any sign of life (position, answer) for this time is silent, not free; 0: none is."""
    crew_kinds: dict[str, CrewKind] = Field(default_factory=dict)
    """Kinds of crews, vehicles and staff by id, as ``[crew_kinds]`` with ``C7 = "patrol"``; it goes before the dataset's."""
    news_minutes: float = Field(default=60.0, ge=0, le=24 * 60)
    """Callers are promised news of a running case so often; 0: no time is read out to them."""
    repeat_back_minutes: float = Field(default=3.0, ge=0, le=24 * 60)
    """A dispatch order that is not repeated back within this time is reported once; 0: never."""
    wall_distance_m: float = Field(default=8.0, ge=0.5, le=50)
    """Distance from which the wall view is read; its letters are this divided by ``wall_ratio`` high, or higher."""
    wall_ratio: float = Field(default=200.0, ge=150, le=250)
    wall_width_mm: float = Field(default=0.0, ge=0, le=50_000)
    """Width of the wall view's picture; 0: as the screen reports it (projectors and joined screens do wrongly)."""
    mqtt: str = ""
    """Broker, ``mqtt://user:password@host:port``; ``--mqtt`` goes before it."""
    mqtt_mapping: Path | None = None
    """Topics and fields of other systems as readings (``mapping.toml``, made by the live test of the feed)."""
    store: str = ""
    """Store file or database URL; ``--store`` goes before it; without either a file in ``data_folder``."""
    shared: bool | None = None
    """Several consoles and engines use the store at once; each needs a ``seat`` of its own. By default so on PostgreSQL, and not

    on SQLite (there with ``QUANMAI_SHARED=1``, for programs on one machine).
    """
    credentials: Path | None = None
    """File (TOML, mode 0600): ``mqtt`` and ``store`` (addresses with passwords; the environment goes before it),

    ``traccar_token``, ``mail_password``, and under ``[webhooks]`` the secret of each webhook by its name."""
    mqtt_ca: Path | None = None
    """Certificate of the authority that vouches for the broker (PEM); default: those of the system."""
    mqtt_certificate: Path | None = None
    """This program's own certificate for the broker (PEM), with ``mqtt_key``."""
    mqtt_key: Path | None = Field(default=None, validate_default=True)
    """Key of ``mqtt_certificate`` (PEM, mode 0600, without a password)."""
    lock_minutes: float = Field(default=30.0, ge=0, le=24 * 60)
    """Minutes without a key or the mouse after which a seat that somebody signed in at is locked; 0: never."""
    seat: str = Field(default="", pattern="^[A-Za-z0-9._-]{0,40}$")
    """Name of this seat at the broker, one for each running program; ``--seat`` goes before it; default: by machine and store."""
    mqtt_session_hours: float = Field(default=24.0, gt=0, le=24 * 365)
    """For how long the broker keeps what arrives for a seat that is away."""
    notices_to: Path | None = None
    """Folder that issued notices are delivered to as files, beside the broker; others fetch them from there."""
    webhooks: dict[str, WebhookSetting] = Field(default_factory=dict)
    """Web addresses that issued notices are posted to, signed, by name: ``[webhooks.city] url = "https://…"``."""
    mail: MailSetting | None = None
    """Mail of issued notices: ``[mail] server, sender, to = ["…"]``."""
    _secrets: Secrets = PrivateAttr(default_factory=Secrets)
    readings_days: int = Field(default=READINGS_DAYS, ge=0)
    """Days for which the store keeps readings, at least 35; 0: for good. Packages keep theirs."""
    positions_days: int = Field(default=POSITIONS_DAYS, ge=0)
    """Days for which the store keeps positions of crews; 0: for good. Packages keep theirs."""
    expected_days: int = Field(default=EXPECTED_DAYS, ge=1)
    """Days for which the store keeps what stations were expected to show; packages keep theirs."""
    minutes_days: int = Field(default=MINUTES_DAYS, ge=0)
    """Days for which the store keeps readings rolled up to minutes, 0: for good."""
    quarters_days: int = Field(default=QUARTERS_DAYS, ge=0)
    """Days for which the store keeps readings rolled up to quarters of an hour, 0: for good."""
    same_case_minutes: float = Field(default=30.0, ge=0, le=7 * 24 * 60)
    """How long the finding of a dismissed case stays dismissed; 0: it opens a new case at once."""
    targets: TargetSettings = Field(default_factory=TargetSettings)
    """Targets of cases by goal, as ``judge = {minutes = 8, warn_minutes = 2, tell = "supervisor"}``: ``domain/targets.py``."""
    supervisor_address: str = Field(default="", pattern=r"^[^/#+\s]{0,120}$")
    """Whom messages of missed targets go to, as the channels address it (``escalations/<address>``); "" for nobody."""
    traccar: str = ""
    """Traccar server whose positions of crews are shown, ``https://host``; its token belongs into ``credentials``."""
    traccar_token: str = Field(default="", repr=False)
    """Token of a Traccar account that may read the devices."""
    web: str = ""
    """``HOST:PORT`` at which the engine serves the crews' page; ``--web`` goes before it; "" for none; a console serves it by

    ``--web`` only."""
    web_certificate: Path | None = None
    """Certificate of that page (PEM, with its chain), with ``web_key``; needed unless HOST is this machine alone."""
    web_key: Path | None = None
    """Key of ``web_certificate`` (PEM, mode 0600, without a password)."""
    web_public: str = ""
    """The page's address as phones reach it, where a proxy with HTTPS is before it."""
    data_folder: Path = Field(default_factory=lambda: user_data_path(_APP))

    @field_validator("readings_days")
    @classmethod
    def _long_enough(cls, days: int) -> int:
        if 0 < days < LEAST_READINGS_DAYS:
            raise ValueError(f"at least {LEAST_READINGS_DAYS} days (detection learns from the last 28), or 0 for good")
        return days

    @field_validator("webhooks")
    @classmethod
    def _fit_names(cls, webhooks: dict[str, WebhookSetting]) -> dict[str, WebhookSetting]:
        for name in webhooks:
            if re.fullmatch("[A-Za-z0-9_-]{1,30}", name) is None:
                raise ValueError(f"{name!r}: a webhook's name is 1 to 30 letters, digits, - and _; deliveries are recorded by it")
        return webhooks

    @field_validator("mqtt_key")
    @classmethod
    def _key_has_certificate(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        if (key is None) != (info.data.get("mqtt_certificate") is None):
            raise ValueError("mqtt_certificate and mqtt_key belong together")
        return key

    @property
    def secrets(self) -> Secrets:
        """What the credentials file holds beside addresses."""
        return self._secrets

    @property
    def person(self) -> Actor:
        """Who is at a single seat: the account, under the shown name of the settings."""
        return Actor(account(), self.user or account(), seat=self.seat, proof=Proof.ACCOUNT)

    @property
    def retention(self) -> RetentionRules:
        """How long history is kept."""
        return RetentionRules(self.readings_days, self.positions_days, self.expected_days, self.minutes_days, self.quarters_days)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **more: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Given values, then the environment, then the file."""
        file = user_config_path(_APP) / "settings.toml"
        return more["init_settings"], more["env_settings"], TomlConfigSettingsSource(settings_cls, toml_file=file)


def account() -> str:
    """The account of the operating system that runs this program; "?" where it has no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "?"


def is_shared(settings: Settings, store: str | Path) -> bool:
    """Whether others may use a store (file or address) at once: as set, by default on a server."""
    return settings.shared if settings.shared is not None else "://" in str(store) and not str(store).startswith("sqlite")


def desk_settings(settings: Settings, site: str) -> DeskSettings:
    """The desk's part of the settings; ``site``: the city's, in topics and addresses."""
    return DeskSettings(
        site=site,
        hotline=settings.hotline,
        issuer=settings.issuer,
        crew_speed_kmh=settings.crew_speed_kmh,
        limits_file=settings.limits_file,
        targets=settings.targets.targets,
        same_case_minutes=settings.same_case_minutes,
        supervisor_address=settings.supervisor_address,
        area_minutes=settings.area_minutes,
        order_resend_minutes=settings.order_resend_minutes,
        crew_silent_minutes=settings.crew_silent_minutes,
        news_minutes=settings.news_minutes,
        repeat_back_minutes=settings.repeat_back_minutes,
    )


def in_environment(settings: Settings, name: str) -> str:
    """The value of a text setting when the environment gives it, else "": a default overrides no choice of the user."""
    return str(getattr(settings, name)) if name in EnvSettingsSource(type(settings))() else ""


def _with_credentials(settings: Settings, path: Path) -> Settings:
    """The addresses of a credentials file, where neither the command nor the environment gives one. Raises InputFault."""
    try:
        held = tomllib.loads(read_secret(path))
    except tomllib.TOMLDecodeError:
        # Not chained: the message may quote a password.
        raise InputFault(f'{path}: is no TOML; expected lines such as mqtt = "mqtts://user:password@host"') from None
    secrets = Secrets(held.pop("mail_password", ""), held.pop("webhooks", {}))
    if not isinstance(secrets.mail_password, str):
        raise InputFault(f"{path}: mail_password: expected a text")
    if not isinstance(secrets.webhooks, dict) or not all(isinstance(one, str) for one in secrets.webhooks.values()):
        raise InputFault(f'{path}: webhooks: expected a table of secrets by name, such as city = "…" under [webhooks]')
    if wrong := sorted(name for name, value in held.items() if name not in _CREDENTIALS or not isinstance(value, str)):
        raise InputFault(f"{path}: {wrong[0]}: expected only {' and '.join((*_CREDENTIALS, *_SECRETS))}, as texts")
    given = {name for name in _CREDENTIALS if in_environment(settings, name)}
    made = settings.model_copy(update={name: value for name, value in held.items() if name not in given})
    made._secrets = secrets
    return made


def load_settings(**given: Any) -> Settings:
    """The settings. Raises InputFault that names each wrong one."""
    try:
        settings = Settings(**given)
        return settings if settings.credentials is None else _with_credentials(settings, settings.credentials)
    except ValidationError as fault:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in fault.errors())
        raise InputFault(f"settings: {wrong}; mend settings.toml or the QUANMAI_ environment") from fault
    except ValueError as fault:
        raise InputFault(f"settings.toml: {fault}; mend or delete it") from fault
