"""An authority of the tests' own, and what it signed for loopback."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import trustme

from tests.servers.process import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path


class Tls:
    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.authority = folder / "authority.pem"
        self.certificate = folder / "certificate.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        authority.issue_cert(LOOPBACK).private_key_and_cert_chain_pem.write_to_path(str(self.certificate))

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        return context

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))
