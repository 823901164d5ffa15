"""A local HTTP server of archives that answers range requests, or shows a fault; tar archives."""

import functools
import io
import re
import tarfile
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Request(BaseHTTPRequestHandler):
    """A request for the bytes start..stop of a file, and its answers; number: of this file's, from 0."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, archives: "ArchiveServer", *connection):
        self.archives = archives
        super().__init__(*connection)  # handles the requests of the connection

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Sends a status, headers and a body; headers: their names with _ for -."""
        self.send_response(status)
        for name, value in ({"Content_Length": str(len(body)), "ETag": '"1"'} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.archives.sent += len(body)
        self.wfile.write(body)

    def send_part(self, at_most: int | None = None) -> None:
        """206 with what was asked for; after at_most bytes the connection breaks."""
        whole = self.data[self.start : self.stop]
        place = f"bytes {self.start}-{self.start + len(whole) - 1}/{len(self.data)}"
        self.send(206, whole[:at_most], Content_Range=place, Content_Length=str(len(whole)))
        self.close_connection = at_most is not None

    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        if name not in self.archives.files:
            self.send_error(404)
            return
        self.data, self.number = self.archives.files[name], self.archives.requests[name]
        self.archives.requests[name] += 1
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked is None:
            self.send(200, self.data)
            return
        self.start, self.stop = int(asked[1]), int(asked[2]) + 1
        try:
            self.archives.answer(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_):
        """Prints nothing."""


class ArchiveServer:
    """Serves files below `address`, a URL; counts bytes `sent`, and `requests` for each file."""

    def __init__(self, files: dict[str, bytes], answer: Callable[[Request], object] | None = None):
        self.files, self.answer = files, answer or Request.send_part
        self.sent, self.requests = 0, dict.fromkeys(files, 0)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Request, self))
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/data/"

    def __enter__(self) -> "ArchiveServer":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def archive_of(root: Path, names: list[str]) -> bytes:
    """A tar archive of files and folders, with the members in this order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            archive.add(root / name, name, recursive=False)
    return buffer.getvalue()
