"""A worker whose answer is named by the path of the job: /status/429, /slow/3, /sse/200/done, ..."""
import gzip
import http.server
import json
import socket
import struct
import threading
import time

KEPT = 50  # of the last requests


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.remember({"method": self.command, "path": self.path,
                              "headers": [[name, value] for name, value in self.headers.items()]})
        first, *rest = self.path.strip("/").split("?")[0].split("/")
        answer = getattr(self, "on_" + first, None)
        if answer is None:
            text = json.dumps({"echo": body.decode("latin1"), "path": self.path}).encode()
            return self.send(200, text, more={"X-Metadata": "m1"})
        return answer(*rest)

    do_GET = do_POST  # where a redirect leads

    def send(self, status, body, content_type="application/json", more=None):
        self.send_response(status)
        if content_type is not None:
            self.send_header("Content-Type", content_type)
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def on_status(self, status):
        self.send(int(status), b'{"err":%d}' % int(status), more={"Retry-After": "7"})

    def on_ok201(self, *_):
        self.send(201, b'{"a":1}', more={"X-Metadata": "m1", "X-Other": "o"})

    def on_plain(self):
        self.send(200, b"hello", "text/plain")

    def on_html(self):
        self.send(200, b"<html><body>x</body></html>", "text/html")

    def on_notype(self):
        self.send(200, b'{"a":1}', None)

    def on_empty(self):
        self.send(200, b"")

    def on_204(self):
        self.send_response(204)
        self.end_headers()

    def on_big(self, size):
        self.send(200, b'{"pad":"' + b"x" * int(size) + b'"}')

    def on_slow(self, seconds):
        time.sleep(float(seconds))
        self.send(200, b'{"slow":1}')

    def on_redirect(self):
        self.send(303, b"", more={"Location": "/plain"})

    def on_redirect307(self):
        self.send(307, b"", more={"Location": "/echo"})

    def on_redirloop(self):
        self.send(302, b"", more={"Location": "/redirloop"})

    def on_gzip(self):
        self.send(200, gzip.compress(b'{"gz":1}'), more={"Content-Encoding": "gzip"})

    def on_trunc(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b'{"half":')
        self.hang_up()

    def on_close(self):
        self.hang_up()

    def on_reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def on_garbage(self):
        self.wfile.write(b"NOT HTTP\r\n\r\n")
        self.close_connection = True

    def hang_up(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def on_sse(self, status, end, seconds="0"):
        self.close_connection = True
        self.send_response(int(status))
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: a\n\ndata: b\n\n")
        if end == "line":
            self.wfile.write(b"data: " + b"x" * 70_000 + b"\n\n")
        if end == "wait":
            time.sleep(float(seconds))
        if end == "hang":
            self.server.ended.wait(30)
        elif end != "none":
            self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_):
        pass


class Worker(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.port = self.server_address[1]
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.requests = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def remember(self, request):
        with self.lock:
            self.requests = self.requests[-KEPT + 1:] + [request]

    def last(self):
        with self.lock:
            return self.requests[-1]

    def end(self):
        self.ended.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        pass  # a client that went away
