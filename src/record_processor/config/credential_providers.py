"""Values of `AwsCredentialsProvider`: the names that KCL knows, and which arguments must stay hidden."""

from __future__ import annotations

from record_processor.config.wording import unknown
from record_processor.errors import ConfigError, InvalidConfigError

_DEFAULT_CHAIN = (
    "DefaultCredentialsProvider",
    "EnvironmentVariableCredentialsProvider",
    "InstanceProfileCredentialsProvider",
    "ContainerCredentialsProvider",
    "WebIdentityTokenFileCredentialsProvider",
)
LOCAL = "LocalCredentialsProvider"
PROFILE = "ProfileCredentialsProvider"
ASSUME_ROLE = ("StsAssumeRoleCredentialsProvider", "KclStsAssumeRoleCredentialsProvider")
PROVIDERS = (*_DEFAULT_CHAIN, LOCAL, PROFILE, *ASSUME_ROLE)

# Common words that are no secrets: masked, they would make a log hard to read.
_HARMLESS = frozenset({"default", "endpoint", "endpointregion"})


def check_provider(value: str) -> None:
    """Reject an `AwsCredentialsProvider` that KCL and boto3 cannot both follow; another class's full name is accepted.

    Raises:
        InvalidConfigError: KCL knows no provider with this name.
    """
    name = parts(value)[0]
    if "." not in name and name not in PROVIDERS:
        raise InvalidConfigError([ConfigError("AwsCredentialsProvider", unknown("provider", name, PROVIDERS))])


def parts(value: str) -> list[str]:
    """Return name and arguments of the first provider of a chain, written `Name|argument|argument,Other`."""
    return value.split(",")[0].strip().split("|")


def secrets_in(provider: str) -> list[str]:
    """Return the arguments of all providers of a chain: profiles, roles, and whatever a user's class takes."""
    found = []
    for one in provider.split(","):
        name, *arguments = (part.strip() for part in one.split("|"))
        if name.rpartition(".")[2] in ASSUME_ROLE:
            del arguments[1:2]  # the session's name, which CloudTrail shows anyway
        for argument in arguments:
            key, equals, value = argument.partition("=")
            if key.lower() not in _HARMLESS:
                found += [argument, value] if equals else [argument]
    return [text for text in found if text]
