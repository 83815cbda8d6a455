"""What nobody may see of a value such as `StsAssumeRoleCredentialsProvider|ROLE_ARN|SESSION|externalId=X`."""

from __future__ import annotations

_ASSUME_ROLE = ("StsAssumeRoleCredentialsProvider", "KclStsAssumeRoleCredentialsProvider")
# Words that are in many a line, and say nothing: masked, they would make a log hard to read.
_HARMLESS = frozenset({"default", "endpoint", "endpointregion"})


def secrets_in(provider: str) -> list[str]:
    """The arguments of all providers of a chain: profiles, roles, and whatever a class of the user's takes."""
    found = []
    for one in provider.split(","):
        name, *arguments = (part.strip() for part in one.split("|"))
        if name.rpartition(".")[2] in _ASSUME_ROLE:
            del arguments[1:2]  # the session's name, which CloudTrail shows to everybody
        for argument in arguments:
            key, equals, value = argument.partition("=")
            if key.lower() not in _HARMLESS:
                found += [argument, value] if equals else [argument]
    return [text for text in found if text]
