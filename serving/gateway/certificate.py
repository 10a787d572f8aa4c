"""The gateway's own certificate: made once for loopback, kept, and made anew before it ends.

An operator's files take its place by `--certificate` and `--private-key`.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from model.errors import OperatorError

VALID = dt.timedelta(days=397)  # the longest that browsers accept
RENEWED = dt.timedelta(days=30)  # before the end
NAMES = ("localhost",)
ADDRESSES = ("127.0.0.1", "::1")


class CertificateError(OperatorError):
    """A certificate or its private key cannot be used."""


@dataclass(frozen=True)
class Certificate:
    """PEM files of a certificate chain and its private key."""

    chain: Path
    private_key: Path

    def check(self) -> dt.datetime:
        """Check that both can be read and belong together; returns when the certificate ends, in UTC.

        Raises:
            CertificateError: they do not, or the certificate has ended.
        """
        try:
            end, belongs = _end_and_match(self.chain.read_bytes(), self.private_key.read_bytes())
        except OSError as error:
            raise CertificateError(f"{error.filename}: {error.strerror}") from error
        except (ValueError, TypeError) as error:
            raise CertificateError(
                f"{self.chain} and {self.private_key} must be a certificate and its private key without a password, "
                f"in PEM: {error}"
            ) from error
        if not belongs:
            raise CertificateError(f"the key of {self.private_key} is not that of {self.chain}")
        if end < _now():
            raise CertificateError(f"{self.chain} ended on {end:%Y-%m-%d}")
        return end

    def read(self) -> tuple[str, str]:
        """The chain and the private key in PEM, checked.

        Raises:
            CertificateError: see `check`.
        """
        self.check()
        return self.chain.read_text(encoding="ascii"), self.private_key.read_text(encoding="ascii")


def own_certificate(folder: Path) -> Certificate:
    """The self-made certificate of a folder, made where it is missing, broken or near its end."""
    certificate = Certificate(folder / "certificate.pem", folder / "private-key.pem")
    try:
        is_good = certificate.check() - _now() > RENEWED
    except CertificateError:
        is_good = False
    if not is_good:
        _make(certificate)
    return certificate


@lru_cache(maxsize=2)  # a gateway looks at the same files several times a second
def _end_and_match(chain: bytes, private_key: bytes) -> tuple[dt.datetime, bool]:
    """When a certificate ends, and whether the key is its own."""
    certificate = x509.load_pem_x509_certificate(chain)
    key = load_pem_private_key(private_key, password=None)
    return certificate.not_valid_after_utc, certificate.public_key() == key.public_key()


def _make(certificate: Certificate) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    # A name of its own: a client that trusts two of them looks for the issuer by name.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"digits gateway {serial:x}")])
    names: list[x509.GeneralName] = [x509.DNSName(dns) for dns in NAMES]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in ADDRESSES]
    now = _now()
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - dt.timedelta(hours=1))  # clocks differ
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate.chain.parent.mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(certificate.private_key, pem, mode=0o600)
    _write(certificate.chain, signed.public_bytes(Encoding.PEM), mode=0o644)


def _write(path: Path, content: bytes, mode: int) -> None:
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with open(new, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(content)
    new.replace(path)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
