"""Certificates, redirections from https to http, and proxies."""

import ssl

import pytest
import trustme

from benchmarks.archive_server import ArchiveServer
from roadseg.data import download
from roadseg.errors import DataError
from tests.data.download.helpers import LABELS, QUICK, WANTED, expected, fetch, files


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_certificate_is_checked(archives_1, tree_1, tls, authority, tmp_path, monkeypatch):
    with ArchiveServer(archives_1, tls=tls) as server:
        with pytest.raises(DataError, match="certificate is not valid"):
            fetch(server, tmp_path)
        with authority.cert_pem.tempfile() as known:
            monkeypatch.setenv("SSL_CERT_FILE", known)
            fetch(server, tmp_path)
    assert files(tmp_path) == expected(tree_1)


def test_https_does_not_lead_to_http(archives_1, tls, authority, tmp_path, monkeypatch):
    def redirect(request):
        request.send(302, Location=f"{plain.address}{LABELS}")

    with (
        ArchiveServer(archives_1) as plain,
        ArchiveServer(archives_1, tls=tls, answer=redirect) as server,
        authority.cert_pem.tempfile() as known,
    ):
        monkeypatch.setenv("SSL_CERT_FILE", known)
        with pytest.raises(DataError, match="not as safe; refused"):
            fetch(server, tmp_path)
    assert plain.requests[LABELS] == 0
    assert not files(tmp_path)


def test_a_proxy_of_the_environment_is_used(archives_1, tmp_path, monkeypatch):
    with ArchiveServer(archives_1) as server:
        monkeypatch.setenv("http_proxy", server.address.removesuffix("data/"))
        monkeypatch.delenv("no_proxy", raising=False)
        download.fetch(
            WANTED, tmp_path, url="http://nowhere.invalid/data", accept_licence=True, progress=False,
            retries=QUICK,
        )  # fmt: skip
    assert len(files(tmp_path)) == 9
