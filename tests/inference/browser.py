"""Chromium without a window, driven through its DevTools protocol; and a server of one folder.

The package for WebSocket comes with Jupyter.
"""

import base64
import contextlib
import functools
import http.server
import io
import json
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import websocket
from PIL import Image

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_SECONDS = 120  # until something on a page has happened


class Page:
    """The one page of a browser."""

    def __init__(self, socket: websocket.WebSocket):
        self._socket, self._number = socket, 0

    def call(self, method: str, **parameters) -> dict:
        """The result of a method of the protocol."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv())).get("id") != self._number:
            pass  # events
        return answer["result"]

    def run(self, script: str) -> object:
        """The value of an expression, or of its promise."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def text(self, name: str) -> str:
        """Of the element with that id."""
        return self.run(f"document.getElementById('{name}')?.textContent ?? ''")

    def wait(self, name: str, beginning: str) -> str:
        """The text of the element with that id, once it begins so."""
        end = time.monotonic() + _SECONDS
        while not (text := self.text(name)).startswith(beginning):
            assert time.monotonic() < end, text
            time.sleep(0.05)
        return text

    def choose(self, name: str, path: Path) -> None:
        """Gives a file to the input with that id."""
        found = self.call("Runtime.evaluate", expression=f"document.getElementById('{name}')")
        self.call("DOM.setFileInputFiles", files=[str(path)], objectId=found["result"]["objectId"])

    def canvas(self, name: str) -> np.ndarray:
        """uint8 (H, W, 3), as the page saves it."""
        url = self.run(f"document.getElementById('{name}').toDataURL()")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))


@contextlib.contextmanager
def opened(url: str, profile: Path, *options: str) -> Iterator[Page]:
    """A page in a browser of its own; profile: a folder that it fills."""
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--remote-debugging-port=0"]
    command += [f"--user-data-dir={profile}", *options, url]
    browser = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        line = next(line for line in browser.stderr if line.startswith("DevTools listening"))
        threading.Thread(target=browser.stderr.read, daemon=True).start()
        with urllib.request.urlopen(f"http://{line.split('/')[2]}/json") as answer:
            (page,) = (each for each in json.load(answer) if each["type"] == "page")
        address = page["webSocketDebuggerUrl"]
        socket = websocket.create_connection(address, timeout=_SECONDS, suppress_origin=True)
        yield Page(socket)
        socket.close()
    finally:
        browser.terminate()
        browser.wait()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder's index.html."""
    handler = functools.partial(_Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
