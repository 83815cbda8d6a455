"""What the SDK's variables and files say about DynamoDB. Makes no calls."""

from __future__ import annotations

from botocore.configprovider import ConfiguredEndpointProvider
from botocore.exceptions import BotoCoreError
from botocore.session import Session


class SdkSettings:
    """The settings of one profile; None: of the SDK's default profile."""

    def __init__(self, profile: str | None) -> None:
        self._session = Session(profile=profile)

    def region(self) -> str | None:
        """None if there is none, or no such profile: whoever creates a client with it reports that."""
        try:
            region: str | None = self._session.get_config_variable("region")
        except BotoCoreError:
            return None
        return region

    def endpoint(self) -> str | None:
        """The same."""
        try:
            scoped = self._session.get_scoped_config()
            if self._session.get_config_variable("ignore_configured_endpoint_urls"):
                return None
            provider = ConfiguredEndpointProvider(self._session.full_config, scoped, "dynamodb")
            endpoint: str | None = provider.provide()
        except BotoCoreError:
            return None
        return endpoint
