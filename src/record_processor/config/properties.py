"""The properties file with its overrides: reports every error, with file and line, before anything starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from record_processor.config import regions
from record_processor.config.choices import MetricsFormat, PollingProfile
from record_processor.config.credential_providers import PROFILE, secrets_in
from record_processor.config.property_schema import KEYS, NOT_HERE, REQUIRED
from record_processor.config.wording import MOST_ALIKE, nearest, shown
from record_processor.config.worker_configuration import WorkerConfiguration
from record_processor.config.written_properties import all_written
from record_processor.errors import ConfigError, InvalidConfigError, encodable
from record_processor.logs import user_stderr
from record_processor.text import redaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from record_processor.config.property_key import PropertyKey
    from record_processor.config.written_properties import WrittenProperty


def read_properties(path: Path, overrides: Iterable[str], environment: Mapping[str, str]) -> WorkerConfiguration:
    """Read the file, then apply environment variables, then `--set key=value`; later ones win.

    Raises:
        InvalidConfigError: with every error found.
    """
    mistakes: list[ConfigError] = []
    written = all_written(path, overrides, environment, mistakes)
    mistakes += _repeated(path, written)
    values = default_values()
    for entry in written:
        key = _known(entry, mistakes)
        if key is not None:
            if key.secret:
                redaction.remember(secrets_in(entry.value))
            mistakes += _wrong_value(entry, key)
            values[key.name] = entry.value
    mistakes += _missing(path, values, {entry.name for entry in written})
    if "idleTimeBetweenReadsInMillis" not in values and values["pollingProfile"] in KEYS["pollingProfile"].choices:
        values["idleTimeBetweenReadsInMillis"] = str(PollingProfile(values["pollingProfile"]).idle_millis)
    if "regionName" not in values:
        mistakes += _use_configured_region(values, environment)
    if values["logFormat"] in KEYS["logFormat"].choices:
        user_stderr.use_format(values["logFormat"])
    mistakes += _without_log(written, values)
    if mistakes:
        raise InvalidConfigError(mistakes)
    return WorkerConfiguration.from_values(path, values)


def default_values() -> dict[str, str]:
    """Return the properties that have a default, with it."""
    return {key.name: key.default for key in KEYS.values() if key.default is not None}


def _repeated(path: Path, written: list[WrittenProperty]) -> list[ConfigError]:
    first: dict[str, str] = {}
    repeated = []
    for entry in written:
        if entry.place.startswith(f"{path}:") and first.setdefault(entry.name, entry.place) != entry.place:
            message = f"{entry.name} is set more than once; first: {first[entry.name]}"
            repeated.append(ConfigError(entry.place, message))
    return repeated


def _known(entry: WrittenProperty, mistakes: list[ConfigError]) -> PropertyKey | None:
    if entry.name in KEYS:
        return KEYS[entry.name]
    if entry.name.lower().startswith("awscredentialsprovider"):  # KCL, too, ignores the case of these
        same = [key for name, key in KEYS.items() if name.lower() == entry.name.lower()]
        if same:
            return same[0]
    if entry.name in NOT_HERE:
        mistakes.append(ConfigError(entry.place, f"{entry.name} cannot be set: {NOT_HERE[entry.name]}"))
    else:
        near = nearest(entry.name, KEYS) if len(mistakes) < MOST_ALIKE else None
        hint = f"did you mean {near!r}?" if near else "properties/worker.properties lists the main ones"
        mistakes.append(ConfigError(entry.place, f"unknown key {shown(entry.name)}; {hint}"))
    return None


def _wrong_value(entry: WrittenProperty, key: PropertyKey) -> list[ConfigError]:
    if "\0" in entry.value or encodable(entry.value) != entry.value:
        return [ConfigError(entry.place, f"{key.name}: expected text, found a NUL or half of a surrogate pair")]
    expected = key.expected(entry.value)
    if expected is None:
        return []
    found = "" if key.secret or key.kind == "options" else f", found {shown(entry.value)}"
    return [ConfigError(entry.place, f"{key.name}: expected {expected}{found}")]


def _without_log(written: list[WrittenProperty], values: Mapping[str, str]) -> list[ConfigError]:
    """Metrics in the log need one that CloudWatch can read, and that has them."""
    if values["metricsFormat"] != MetricsFormat.EMF.value:
        return []
    place = [entry.place for entry in written if entry.name == "metricsFormat"][-1]
    needed = (("logFormat", ("json",)), ("logLevel", ("debug", "info")))
    return [
        ConfigError(place, f"metricsFormat = emf needs {name} = {' or '.join(right)}, found {shown(values[name])}")
        for name, right in needed
        if values[name] not in right
    ]


def _use_configured_region(values: dict[str, str], environment: Mapping[str, str]) -> list[ConfigError]:
    provider, _, argument = values["AwsCredentialsProvider"].partition("|")
    profile = argument if provider == PROFILE else None
    region, place = regions.configured(environment, profile)
    values["regionName"] = region
    expected = regions.expected(region)
    return [ConfigError(place, f"expected {expected}, found {region!r}")] if expected else []


def _missing(path: Path, values: Mapping[str, str], written: set[str]) -> list[ConfigError]:
    # A required property that seems to be there under a misspelt name is reported at that name.
    misspelt = {nearest(name, KEYS) for name in sorted(written - KEYS.keys())[:MOST_ALIKE]}
    absent = [name for name in REQUIRED if name not in values and name not in misspelt]
    return [ConfigError(str(path), f"needs the key {name!r}") for name in absent]
