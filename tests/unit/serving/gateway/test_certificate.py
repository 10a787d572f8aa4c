"""The gateway's certificate: made once, kept, renewed in time; an operator's own is checked."""

import datetime as dt
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from serving.gateway import certificate as module
from serving.gateway.certificate import Certificate, CertificateError, own_certificate


def test_it_is_made_once_for_loopback_and_kept(tmp_path: Path) -> None:
    made = own_certificate(tmp_path / "state")
    pems = made.read()
    assert own_certificate(tmp_path / "state").read() == pems
    names = x509.load_pem_x509_certificate(pems[0].encode()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost"]
    assert {str(address) for address in names.value.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "::1"}
    assert stat.S_IMODE(made.private_key.stat().st_mode) == 0o600


def test_a_tls_server_can_use_it(tmp_path: Path) -> None:
    made = own_certificate(tmp_path)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(made.chain, made.private_key)


def test_it_is_made_anew_a_month_before_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pems = own_certificate(tmp_path).read()
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=397 - 29)
    monkeypatch.setattr(module, "_now", lambda: later)
    assert own_certificate(tmp_path).read() != pems


def test_a_broken_one_is_made_anew(tmp_path: Path) -> None:
    made = own_certificate(tmp_path)
    made.private_key.write_text("broken")
    assert own_certificate(tmp_path).check() > dt.datetime.now(dt.UTC)


def test_an_operators_certificate_that_cannot_be_used_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = own_certificate(tmp_path / "one"), own_certificate(tmp_path / "other")
    with pytest.raises(CertificateError, match="is not that of"):
        Certificate(one.chain, other.private_key).check()
    with pytest.raises(CertificateError, match="No such file"):
        Certificate(tmp_path / "none.pem", one.private_key).check()
    with pytest.raises(CertificateError, match="in PEM"):
        Certificate(one.private_key, one.private_key).check()
    monkeypatch.setattr(module, "_now", lambda: dt.datetime.now(dt.UTC) + dt.timedelta(days=400))
    with pytest.raises(CertificateError, match="ended on"):
        one.check()
