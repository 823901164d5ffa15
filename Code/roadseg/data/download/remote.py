"""A file on a web server, read in parts; an interrupted part is continued where it stopped."""

import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

from roadseg.errors import DataError

_PIECE = 1 << 14  # bytes that a stall can lose
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_NUMBER = r"\d{1,18}"
_RESOLVING_ATTEMPTS = 3  # of a server that was never reached: about three seconds


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how patiently to ask a server that fails.

    attempts: in a row without a new byte, until it is given up.
    timeout: seconds without a byte, until an attempt has failed.
    pause: seconds before the second attempt; doubled for each further one.
    longest_pause: seconds, also where the server asks for more.
    """

    attempts: int = 8
    timeout: float = 30.0
    pause: float = 1.0
    longest_pause: float = 60.0


class Unreachable(DataError):
    """The server does not give the file, whatever may be in it."""


class NotFound(Unreachable):
    """The server has no such file."""


class _TemporaryFailure(Exception):
    """Something that may pass; wait: seconds that the server asks for."""

    def __init__(self, reason: str, wait: float = 0.0):
        super().__init__(reason)
        self.wait = wait


class RemoteFile:
    """One file on a server.

    has_ranges: whether the server gives parts of it.
    size: in bytes; None when the server does not tell.
    state: what changes when the file does (ETag and Last-Modified).

    Raises Unreachable when the server refuses, redirects to a less safe scheme, or stays silent.
    """

    def __init__(self, address: str, retries: RetryPolicy, received: Callable[[int], object]):
        """Asks for one byte, to learn size, state and ranges; received: told the bytes of each piece."""
        self.address, self._retries, self._received = address, retries, received
        self._place = address  # after redirections
        self._pool = _connections(address, retries)
        self.size: int | None = None
        self.state: list[str | None] | None = None
        self.has_ranges = True
        for _ in self.parts(0, 1):
            pass

    def parts(self, start: int, stop: int | None) -> Iterator[bytes]:
        """The bytes start..stop (None: to the end), in order, each once."""
        position, failures = start, 0
        while stop is None or position < stop:
            before = position
            try:
                for piece in self._attempt(position, stop):
                    position += len(piece)
                    yield piece
                if position == stop or (stop is None and self.size in (None, position)):
                    return
                raise _TemporaryFailure(f"the answer ended at byte {position} of {stop or self.size}")
            except DataError:
                raise
            # A ValueError comes from urllib3 and urllib for headers that make no sense.
            except (_TemporaryFailure, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                failures = 0 if position > before else failures + 1
                self._wait_or_give_up(error, failures)

    def _attempt(self, start: int, stop: int | None) -> Iterator[bytes]:
        """Those of the bytes start..stop that one request brings."""
        position = start
        with self._opened(start, stop) as (response, skip):
            for piece in response.stream(_PIECE, decode_content=False):
                self._received(len(piece))
                wanted = piece[skip:] if stop is None else piece[skip : skip + stop - position]
                skip = max(skip - len(piece), 0)
                position += len(wanted)
                if wanted:
                    yield wanted
                if skip == 0 and len(wanted) < len(piece) and position == stop:
                    return  # the server sends more than it was asked for
            # A response that was read to its end leaves the connection open for the next.

    def _wait_or_give_up(self, error: Exception, failures: int) -> None:
        if _is_caused_by(error, ssl.SSLCertVerificationError):
            raise Unreachable(
                f"{self._place}: its certificate is not valid ({error}); check this machine's "
                "clock and its certificates (SSL_CERT_FILE)"
            )
        unresolved = _is_caused_by(error, urllib3.exceptions.NameResolutionError)
        if unresolved and self.state is None and failures == _RESOLVING_ATTEMPTS:
            raise Unreachable(
                f"{self._place}: the name of its server cannot be resolved; check the connection, or "
                "name a mirror or a folder with the archives (ARCHIVES=..., roadseg fetch --url ...)"
            )
        if failures == self._retries.attempts:
            raise Unreachable(
                f"{self._place}: {failures} tries brought nothing ({error}); what is complete "
                "is kept, so try again later"
            )
        self._place = self.address  # it may be redirected elsewhere by now
        pause = self._retries.pause * 2 ** max(failures - 1, 0)
        time.sleep(min(max(pause, getattr(error, "wait", 0)), self._retries.longest_pause))

    @contextmanager
    def _opened(self, start: int, stop: int | None) -> Iterator[tuple[urllib3.BaseHTTPResponse, int]]:
        """A response, and how many bytes of its body come before byte `start` of the file."""
        response = self._request(f"bytes={start}-{'' if stop is None else stop - 1}")
        try:
            if response.status == 200:
                if self.state is not None and self.has_ranges:
                    raise _TemporaryFailure("the server gave the whole file instead of a part")
                self.has_ranges = False
                length = re.fullmatch(_NUMBER, response.headers.get("Content-Length", ""))
                self._note_state(int(length[0]) if length else None, response)
                yield response, start
            elif response.status == 206:
                self._note_state(_total_size(response, start), response)
                yield response, 0
            else:
                self._raise_for(response, start)
        finally:
            response.close()

    def _request(self, wanted_range: str) -> urllib3.BaseHTTPResponse:
        """The response after redirections."""
        headers = {**self._pool.headers, "Range": wanted_range}
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._pool.request(
                "GET", self._place, headers=headers, redirect=False, preload_content=False
            )
            if response.status not in _REDIRECTS:
                return response
            response.close()
            place = urljoin(self._place, response.headers.get("Location", ""))
            allowed = ("https", urlsplit(self._place).scheme)
            if urlsplit(place).scheme not in allowed:
                raise Unreachable(f"{self._place}: redirects to {place}, which is not as safe; refused")
            self._place = place
        raise Unreachable(f"{self.address}: redirected more than {_MAX_REDIRECTS} times")

    def _note_state(self, size: int | None, response: urllib3.BaseHTTPResponse) -> None:
        """Keeps size and state of the first answer; raises Unreachable when a later one has others."""
        state = [response.headers.get("ETag"), response.headers.get("Last-Modified")]
        if self.state is None:
            self.size, self.state = size, state
        elif (size, state) != (self.size, self.state):
            raise Unreachable(f"{self.address}: changed while it was read; start again")

    def _raise_for(self, response: urllib3.BaseHTTPResponse, start: int) -> None:
        reason = f"status {response.status} {response.reason or ''}".strip()
        if _is_temporary(response.status) or self._place != self.address:
            wait = re.fullmatch(_NUMBER, response.headers.get("Retry-After", ""))
            raise _TemporaryFailure(reason, float(wait[0]) if wait else 0.0)
        if response.status == 416:
            raise Unreachable(f"{self.address}: has no byte {start}; it is empty, or was replaced")
        refusal = NotFound if response.status in (404, 410) else Unreachable
        raise refusal(f"{self._place}: {reason}; check the address")


def _connections(address: str, retries: RetryPolicy) -> urllib3.PoolManager:
    """Connections, through a proxy where the environment names one."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError as error:
        raise Unreachable(f"{address}: not an address ({error})")
    if parts.scheme not in ("http", "https") or not host:
        raise Unreachable(f"{address}: only http and https addresses are fetched")
    options = {
        "retries": False,
        "timeout": urllib3.Timeout(connect=retries.timeout, read=retries.timeout),
        "headers": {"Accept-Encoding": "identity", "User-Agent": "roadseg"},
    }
    proxy = None if proxy_bypass(host) else getproxies().get(parts.scheme)
    return urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)


def _is_temporary(status: int) -> bool:
    return status in (408, 425, 429) or (status >= 500 and status not in (501, 505))


def _total_size(response: urllib3.BaseHTTPResponse, start: int) -> int:
    """Bytes of the whole file, from the header of a part; the part must begin at byte `start`."""
    given = response.headers.get("Content-Range", "")
    match = re.fullmatch(rf"bytes ({_NUMBER})-{_NUMBER}/({_NUMBER})", given)
    if match is None or int(match[1]) != start:
        raise _TemporaryFailure(
            f"a part from byte {start} was asked for, {given or 'an unnamed one'} came"
        )
    return int(match[2])


def _is_caused_by(error: BaseException, kind: type[BaseException]) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, kind):
            return True
        causes = [each for each in (*cause.args, cause.__cause__) if isinstance(each, BaseException)]
        cause = causes[0] if causes else None
    return False
