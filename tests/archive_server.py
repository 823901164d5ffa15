"""A local HTTP server of archives that answers range requests, or shows a fault; tar archives."""

import functools
import io
import re
import tarfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Request:
    """One request for the bytes start..stop of a file, and the answers that it may get."""

    handler: BaseHTTPRequestHandler
    number: int  # of the requests for this file, from 0
    name: str
    data: bytes
    start: int
    stop: int

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Sends a status, headers and a body; headers: their names with _ for -."""
        self.handler.send_response(status)
        for name, value in ({"Content_Length": str(len(body)), "ETag": '"1"'} | headers).items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def send_part(self, at_most: int | None = None) -> None:
        """206 with what was asked for; after at_most bytes the connection breaks."""
        whole = self.data[self.start : self.stop]
        place = f"bytes {self.start}-{self.start + len(whole) - 1}/{len(self.data)}"
        self.send(206, whole[:at_most], Content_Range=place, Content_Length=str(len(whole)))
        self.handler.close_connection = at_most is not None


class ArchiveServer:
    """Serves files below `address` while the `with` block lasts.

    Attributes:
        address: the URL of the folder of files.
        sent: bytes of all bodies and headers.
        requests: number of requests, by the name of the file.
    """

    def __init__(self, files: dict[str, bytes], answer: Callable[[Request], object] = Request.send_part):
        """Binds a free port of the loopback address; answer: answers a request."""
        self.files, self.requests, self.answer = files, dict.fromkeys(files, 0), answer
        self.sent, self._lock = 0, threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, self))
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/data/"

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
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked is None:
            Request(self, number, name, data, 0, len(data)).send(200, data)
            return
        try:
            self._archives.answer(Request(self, number, name, data, int(asked[1]), int(asked[2]) + 1))
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
