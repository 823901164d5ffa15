"""A local HTTP server that serves files, with or without ranges, and shows any fault; tar archives."""

import functools
import io
import re
import tarfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import SSLContext


@dataclass
class Request:
    """One request, and the answers that it may get.

    start, stop: the bytes asked for, up to and without `stop`.
    """

    handler: BaseHTTPRequestHandler
    number: int  # of the requests for this file, from 0
    name: str
    data: bytes
    start: int
    stop: int
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Sends a status, headers and a body.

        headers: their names with _ for -; an empty value leaves a header out. Content-Length is that of
        the body unless it is given.
        """
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Content-Length": str(len(body)), "ETag": '"1"'} | self.headers | given
        self.handler.send_response(status)
        for name, value in given.items():
            if value:
                self.handler.send_header(name, value)
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def send_part(self, body: bytes | None = None, **headers: str) -> None:
        """206 with what was asked for, or another body."""
        if self.start >= len(self.data):
            self.send(416, Content_Range=f"bytes */{len(self.data)}")
            return
        whole = self.data[self.start : self.stop]
        place = f"bytes {self.start}-{self.start + len(whole) - 1}/{len(self.data)}"
        body = whole if body is None else body
        self.send(206, body, **({"Content_Range": place, "Content_Length": str(len(whole))} | headers))
        if len(body) < len(whole):
            self.hang_up()

    def send_whole(self, body: bytes | None = None) -> None:
        """200 with the whole file, or the beginning of it."""
        body = self.data if body is None else body
        self.send(200, body, Content_Length=str(len(self.data)))
        if len(body) < len(self.data):
            self.hang_up()

    def hang_up(self) -> None:
        self.handler.close_connection = True


class ArchiveServer:
    """Serves files below `address` while the `with` block lasts.

    Attributes:
        address: the URL of the folder of files.
        sent: bytes of all answers, headers included.
        requests: number of requests, by the name of the file.
    """

    def __init__(
        self,
        files: dict[str, bytes],
        ranges: bool = True,
        answer: Callable[[Request], object] | None = None,
        tls: SSLContext | None = None,
    ):
        """Binds a free port of the loopback address.

        Args:
            files: name -> content.
            ranges: whether range requests get a part of the file.
            answer: answers a request; None: as `ranges` says.
            tls: makes it an HTTPS server.
        """
        self.files, self.requests = files, dict.fromkeys(files, 0)
        self.sent, self._lock = 0, threading.Lock()
        self.answer = answer or (Request.send_part if ranges else Request.send_whole)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, self))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.address = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/data/"

    def __enter__(self) -> "ArchiveServer":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def count_request(self, name: str) -> int:
        """The number of earlier requests for a file."""
        with self._lock:
            self.requests[name] += 1
            return self.requests[name] - 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, server: ArchiveServer, *connection):
        self._archives = server
        super().__init__(*connection)  # handles the requests of the connection

    def setup(self):
        super().setup()
        write = self.wfile.write

        def counted(body):
            self._archives.sent += len(body)
            return write(body)

        self.wfile.write = counted

    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        if name not in self._archives.files:
            self.send_error(404)
            return
        number, data = self._archives.count_request(name), self._archives.files[name]
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
        stop = int(asked[2]) + 1 if asked[2] else len(data)
        request = Request(self, number, name, data, int(asked[1]), min(stop, len(data)))
        try:
            self._archives.answer(request)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_):
        """Prints nothing."""


def archive_of(root: Path, names: list[str]) -> bytes:
    """A tar archive of files and folders, with the members in this order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            archive.add(root / name, name, recursive=False)
    return buffer.getvalue()
