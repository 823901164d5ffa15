"""An HTTP server on the loopback address: files, with or without ranges, and any fault; tar archives."""

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
    """One request, and the answers that it may get; start..stop: the bytes asked for."""

    handler: BaseHTTPRequestHandler
    number: int  # of the requests for this file, from 0
    name: str
    data: bytes
    start: int
    stop: int
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Headers with _ for -; Content-Length: that of the body unless given, none when empty."""
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
    """Serves `files` (name -> content) below `address` while the `with` block lasts.

    answer: answers a request; None: as a good server does.
    sent: bytes of all answers, headers included; requests: number of requests by name.
    """

    def __init__(
        self,
        files: dict[str, bytes],
        ranges: bool = True,
        answer: Callable[[Request], object] | None = None,
        tls: SSLContext | None = None,
    ):
        self.sent, self.requests = 0, dict.fromkeys(files, 0)
        lock, outer = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_GET(self):
                name = self.path.rsplit("/", 1)[-1]
                if name not in files:
                    self.send_error(404)
                    return
                with lock:
                    number = outer.requests[name]
                    outer.requests[name] += 1
                data = files[name]
                asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
                stop = int(asked[2]) + 1 if asked[2] else len(data)
                request = Request(self, number, name, data, int(asked[1]), min(stop, len(data)))
                try:
                    if answer is not None:
                        answer(request)
                    elif ranges:
                        request.send_part()
                    else:
                        request.send_whole()
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def setup(self):
                super().setup()
                write = self.wfile.write

                def counted(body):
                    outer.sent += len(body)
                    return write(body)

                self.wfile.write = counted

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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


def archive_of(root: Path, names: list[str]) -> bytes:
    """A tar archive of files and folders, with the members in this order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            archive.add(root / name, name, recursive=False)
    return buffer.getvalue()
