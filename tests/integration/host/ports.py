"""Ports of this machine that are free, and stay free until the program that they are for listens there."""
import random
import socket

# The system gives none of these to a connection, nor to a listener that names no port (net.ipv4.ip_local_port_range):
# beside hundreds of them, a port that was theirs a moment ago may be theirs again.
FIRST, LAST = 20_000, 32_000
_random = random.SystemRandom()


def free_port(host="127.0.0.1"):
    for _ in range(1_000):
        port = _random.randrange(FIRST, LAST)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
        return port
    raise AssertionError(f"no free port at {host} from {FIRST} to {LAST}")


def free_address():
    """An address to listen at, the same one after a restart."""
    return f"127.0.0.1:{free_port()}"
