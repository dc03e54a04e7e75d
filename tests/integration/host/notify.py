"""The receiving end of sd_notify, in place of a service manager."""
import pathlib
import socket
import threading
import time


class ServiceManager:
    """Every message, in order, as a mapping."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.messages = []
        self.last_at = time.monotonic()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        while data := self.socket.recv(65536):
            self.last_at = time.monotonic()
            self.messages.append(dict(line.split("=", 1) for line in data.decode().splitlines()))

    def heard(self, **wanted):
        return [message for message in list(self.messages)
                if all(message.get(name) == value for name, value in wanted.items())]

    def silent_for(self):
        return time.monotonic() - self.last_at

    def end(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", str(self.path))
        self.reader.join(timeout=10)
        self.socket.close()
