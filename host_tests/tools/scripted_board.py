# SPDX-License-Identifier: MIT
"""The other end of a serial port, on TCP: a board of a kind that nobody here has, or no board at all."""
import socket
import threading

_BANNER = b"raw REPL; CTRL-B to exit\r\n"
_WINDOW = b"R\x00"                                  # raw paste: understood, not supported


class Listener:
    """A TCP port; `serve(connection)` serves its clients one after the other.  `url` is its name for pyserial."""

    def __init__(self, serve):
        self._serve = serve
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = "socket://localhost:%d" % self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _work(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                try:
                    self._serve(connection)
                except OSError:                    # the client has gone
                    continue


class ScriptedBoard(Listener):
    """A board whose prompt and raw mode are MicroPython's (reference, "The MicroPython REPL"), and which says `facts`.

    `ran` is every piece of code that it was given.
    """

    def __init__(self, facts):
        self._facts = facts
        self.ran = []
        super().__init__(self._talk)

    def _talk(self, connection):
        raw = False
        code = b""
        while True:
            byte = connection.recv(1)
            if not byte:
                return
            if byte == b"\x01":
                raw = True
                if code == b"\x05A":
                    connection.sendall(_WINDOW)
                else:
                    connection.sendall(_BANNER + b">")
                code = b""
            elif byte == b"\x02":
                raw = False
                connection.sendall(b"\r\n>>> ")
            elif byte == b"\x03":
                code = b""
                connection.sendall(b"" if raw else b"\r\n>>> ")
            elif byte == b"\x04" and raw and not code.strip():
                connection.sendall(b"OK\r\nMPY: soft reboot\r\n" + _BANNER + b">")
            elif byte == b"\x04" and raw:
                self.ran.append(code.decode())
                connection.sendall(b"OK" + repr(self._facts).encode() + b"\r\n\x04\x04>")
                code = b""
            elif raw and byte != b"\r":
                code += byte
