#!/usr/bin/env python3
"""Runs the host against the devnet with its built-in script of faults, and ends both on Ctrl-C.

Usage: demo.py BUILD_FOLDER [more arguments for `stipend run`]
"""
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

INTERVAL_SECONDS = os.environ.get("PAYMENT_INTERVAL_SECONDS", "5")


def interrupt(*_):
    raise KeyboardInterrupt


def free_address():
    """Where the API of a demo listens: its usual port, or another one where a host serves its own there."""
    for port in (8010, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return f"127.0.0.1:{probe.getsockname()[1]}"
    return "none"


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):  # set here, since the starting process may ignore them
        signal.signal(number, interrupt)
    build = pathlib.Path(sys.argv[1]).resolve()
    project = pathlib.Path(__file__).resolve().parents[2]
    devnet_program = build / "bin" / "stipend-devnet"
    state = tempfile.mkdtemp(prefix="stipend-demo-")
    read_end, write_end = os.pipe()
    # In a session of its own: Ctrl-C reaches this script alone, which ends the two in order.
    devnet = subprocess.Popen(
        [devnet_program, "--scenario", "demo", "--gateway", "127.0.0.1:0", "--ready-fd", str(write_end)],
        stdout=subprocess.DEVNULL, pass_fds=[write_end], start_new_session=True)
    os.close(write_end)
    host = None
    try:
        with os.fdopen(read_end) as ready:
            line = ready.readline().split()
        fields = dict(field.split("=", 1) for field in line if "=" in field)
        if "gateway" not in fields:
            print("demo: the devnet did not start", file=sys.stderr)
            return 1
        addresses = subprocess.run([devnet_program, "--scenario", "demo", "--print-addresses"], check=True, capture_output=True,
                                   text=True).stdout.strip()
        environment = dict(os.environ, GATEWAY_URL=fields["gateway"], ORCHESTRATOR_ADDRESSES=addresses,
                           PAYMENT_INTERVAL_SECONDS=INTERVAL_SECONDS, STATE_DIRECTORY=state,
                           PRICE_UNSEEN="allow")  # the devnet's orchestrators are names without listeners
        environment.setdefault("API_LISTEN", free_address())
        environment.setdefault("ADMIN_EMAIL", "admin@system.com")
        environment.setdefault("ADMIN_PASSWORD", secrets.token_urlsafe(9))
        print(f"demo: devnet at {fields['gateway']}, a check every {INTERVAL_SECONDS} s; Ctrl-C ends it", flush=True)
        print(f"demo: web page at http://{environment['API_LISTEN']}/ui/ for {environment['ADMIN_EMAIL']}, "
              f"password {environment['ADMIN_PASSWORD']}", flush=True)
        host = subprocess.Popen([build / "bin" / "stipend", "run", "-c", project / "config.yaml", *sys.argv[2:]],
                                env=environment, start_new_session=True)
        return host.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        for process in (host, devnet):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
