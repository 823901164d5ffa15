"""A file on a web server, read in pieces; what breaks off is taken up where it was."""

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

_AHEAD = 1024  # bytes that hold the padding of a member and the next header
_PIECE = 1 << 14  # what a stall can lose
_MOVED = frozenset({301, 302, 303, 307, 308})
_MOVES = 5
_NUMBER = r"\d{1,18}"


@dataclass(frozen=True)
class Patience:
    """tries: how often in a row without a new byte; stall: seconds without a byte; pause: seconds before
    the second try, doubled for each further one up to the longest, also where the server asks for more.
    """

    tries: int = 8
    stall: float = 30.0
    pause: float = 1.0
    longest_pause: float = 60.0


class Unreachable(DataError):
    """The server does not give the file, whatever may be in it."""


class NotFound(Unreachable):
    """The server has no such file."""


class _Again(Exception):
    """Something that may pass; after: seconds that the server asks to wait."""

    def __init__(self, reason: str, after: float = 0.0):
        super().__init__(reason)
        self.after = after


class Remote:
    """One file on a server.

    has_ranges: whether the server gives parts of it; size: bytes, None when not told;
    state: what changes when the file does.
    Raises Unreachable when the server refuses, moves the file to a less safe scheme, or stays silent.
    """

    def __init__(self, address: str, patience: Patience, received: Callable[[int], object]):
        self.address, self._patience, self._received = address, patience, received
        self._place = address  # after redirections
        self._pool = _pool(address, patience)
        self.size: int | None = None
        self.state: list[str | None] | None = None
        self.has_ranges = True
        for _ in self.parts(0, 1):  # learns size, state and ranges
            pass

    def parts(self, start: int, stop: int | None) -> Iterator[bytes]:
        """The bytes start..stop (None: to the end), in order, each once."""
        position, failures = start, 0
        while stop is None or position < stop:
            before = position
            try:
                with self._opened(position, stop) as (response, skip):
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
                if stop is None and self.size in (None, position):
                    return
                if position != stop:
                    raise _Again(f"the answer ended at byte {position} of {stop or self.size}")
            except DataError:
                raise
            # A ValueError comes from urllib3 and urllib for headers that make no sense.
            except (_Again, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                if _is_certificate(error):
                    raise Unreachable(
                        f"{self._place}: its certificate is not valid ({error}); check this machine's "
                        "clock and its certificates (SSL_CERT_FILE)"
                    )
                failures = 0 if position > before else failures + 1
                if failures == self._patience.tries:
                    raise Unreachable(
                        f"{self._place}: {failures} tries brought nothing ({error}); what is complete "
                        "is kept, so try again later"
                    )
                self._place = self.address  # where it was moved to may have changed
                pause = self._patience.pause * 2 ** max(failures - 1, 0)
                time.sleep(min(max(pause, getattr(error, "after", 0)), self._patience.longest_pause))

    @contextmanager
    def _opened(self, start: int, stop: int | None) -> Iterator[tuple[urllib3.BaseHTTPResponse, int]]:
        """A response whose body begins at byte `start`, or that many bytes (second) before it."""
        wanted = f"bytes={start}-{'' if stop is None else stop - 1}"
        response = self._asked({"Range": wanted})
        try:
            if response.status == 200:
                if self.state is not None and self.has_ranges:
                    raise _Again("the server gave the whole file instead of a part")
                self.has_ranges = False
                length = re.fullmatch(_NUMBER, response.headers.get("Content-Length", ""))
                self._learn(int(length[0]) if length else None, response)
                yield response, start
            elif response.status == 206:
                self._learn(_total(response, start), response)
                yield response, 0
            else:
                self._refuse(response, start)
        finally:
            response.close()

    def _asked(self, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        """The response after redirections."""
        for _ in range(_MOVES + 1):
            response = self._pool.request(
                "GET", self._place, headers={**self._pool.headers, **headers},
                redirect=False, preload_content=False,
            )  # fmt: skip
            if response.status not in _MOVED:
                return response
            response.close()
            place = urljoin(self._place, response.headers.get("Location", ""))
            allowed = ("https", urlsplit(self._place).scheme)
            if urlsplit(place).scheme not in allowed:
                raise Unreachable(f"{self._place}: redirects to {place}, which is not as safe; refused")
            self._place = place
        raise Unreachable(f"{self.address}: redirected more than {_MOVES} times")

    def _learn(self, size: int | None, response: urllib3.BaseHTTPResponse) -> None:
        """Notes size and state, or sees that they are still the same."""
        state = [response.headers.get("ETag"), response.headers.get("Last-Modified")]
        if self.state is None:
            self.size, self.state = size, state
        elif (size, state) != (self.size, self.state):
            raise Unreachable(f"{self.address}: changed while it was read; start again")

    def _refuse(self, response: urllib3.BaseHTTPResponse, start: int) -> None:
        reason = f"status {response.status} {response.reason or ''}".strip()
        if _may_pass(response.status) or self._place != self.address:
            after = re.fullmatch(_NUMBER, response.headers.get("Retry-After", ""))
            raise _Again(reason, float(after[0]) if after else 0.0)
        if response.status == 416:
            raise Unreachable(f"{self.address}: has no byte {start}; it is empty, or was replaced")
        refusal = NotFound if response.status in (404, 410) else Unreachable
        raise refusal(f"{self._place}: {reason}; check the address")


def _pool(address: str, patience: Patience) -> urllib3.PoolManager:
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
        "timeout": urllib3.Timeout(connect=patience.stall, read=patience.stall),
        "headers": {"Accept-Encoding": "identity", "User-Agent": "roadseg"},
    }
    proxy = None if proxy_bypass(host) else getproxies().get(parts.scheme)
    return urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)


def _may_pass(status: int) -> bool:
    return status in (408, 425, 429) or (status >= 500 and status not in (501, 505))


def _total(response: urllib3.BaseHTTPResponse, start: int) -> int:
    """Size of the whole file, from the header of a part that begins where it was asked to."""
    given = response.headers.get("Content-Range", "")
    match = re.fullmatch(rf"bytes ({_NUMBER})-{_NUMBER}/({_NUMBER})", given)
    if match is None or int(match[1]) != start:
        raise _Again(f"a part from byte {start} was asked for, {given or 'an unnamed one'} came")
    return int(match[2])


def _is_certificate(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        causes = [each for each in (*seen.args, seen.__cause__) if isinstance(each, BaseException)]
        seen = causes[0] if causes else None
    return False


class RangeFile:
    """A remote file with ranges, which tarfile reads anywhere. Each request brings a little more than
    asked for, so that one is enough for a member and the header that follows it."""

    def __init__(self, remote: Remote):
        self._remote, self._size = remote, remote.size or 0
        self._position, self._start, self._window = 0, 0, b""

    def seek(self, position: int) -> None:
        self._position = position

    def tell(self) -> int:
        return self._position

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, fewer only at the file's end."""
        start, stop = self._position, min(self._position + size, self._size)
        held = self._window[start - self._start :] if start >= self._start else b""
        if len(held) < stop - start:
            held += b"".join(self._remote.parts(start + len(held), min(stop + _AHEAD, self._size)))
        self._start, self._window = start, held
        self._position = max(start, stop)
        return held[: self._position - start]


class StreamFile:
    """A remote file without ranges, which tarfile reads once, from its start to its end."""

    def __init__(self, remote: Remote):
        self._parts = remote.parts(0, None)
        self._held, self._position = b"", 0

    def seek(self, position: int) -> None:
        while self._position < position and self._taken(position - self._position):
            pass

    def tell(self) -> int:
        return self._position

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, fewer only at the file's end."""
        pieces, goal = [], self._position + size
        while self._position < goal and (piece := self._taken(goal - self._position)):
            pieces.append(piece)
        return b"".join(pieces)

    def _taken(self, at_most: int) -> bytes:
        """The next bytes; none at the file's end."""
        while not self._held:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._held = part
        piece, self._held = self._held[:at_most], self._held[at_most:]
        self._position += len(piece)
        return piece
