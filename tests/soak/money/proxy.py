"""Endpoints between a payer and a node, which lose, delay and double requests and answers, or answer as a node that is
some blocks behind would."""
import http.client
import http.server
import json
import random
import threading
import time

HANG = 1.2  # seconds, longer than the payer waits
FATES = ("lost request", "lost answer", "late request", "late answer", "doubled", "stale", "no answer")


class Fates:
    """Chances, by a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.share = 0.0
        self.counts = dict.fromkeys(FATES, 0)

    def draw(self):
        with self.lock:
            if self.random.random() >= self.share:
                return None, 0.0, 0
            fate = self.random.choices(FATES, (26, 26, 10, 10, 10, 15, 3))[0]
            self.counts[fate] += 1
            return fate, self.random.uniform(0.02, 0.25), self.random.randint(1, 4)


def quantity(text):
    return int(text, 16)


class Stale:
    """What a node says that is `lag` blocks behind, made of what the newest says."""

    def __init__(self, forward, lag):
        head = forward([{"jsonrpc": "2.0", "id": 0, "method": "eth_blockNumber", "params": []}])
        self.head = max(0, quantity(head[0]["result"]) - lag)

    def asks(self, call):
        params = ["0x%x" % self.head if one == "latest" else one for one in call.get("params", [])]
        return call | {"params": params}

    def says(self, call, answer):
        method, result = call["method"], answer.get("result")
        unknown = {key: value for key, value in answer.items() if key != "error"} | {"result": None}
        if method == "eth_getBlockByNumber":
            return unknown if result and quantity(result["number"]) > self.head else answer
        if method in ("eth_getTransactionCount", "eth_getBalance", "eth_getCode") and quantity(call["params"][1]) > self.head:
            return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32000, "message": "header not found"}}
        if method in ("eth_getTransactionReceipt", "eth_getTransactionByHash") and result and result["blockNumber"]:
            return unknown if quantity(result["blockNumber"]) > self.head else answer
        return answer


class Proxy:
    """So many endpoints of one node. `sent` gets the bytes of each transaction before the node gets them, and may
    return a function for afterwards; where that returns True, there is no answer."""

    def __init__(self, port, endpoints, seed, sent):
        self.port = port
        self.sent = sent
        self.fates = Fates(seed)
        self.servers = [self.serve() for _ in range(endpoints)]
        self.urls = [f"http://127.0.0.1:{one.server_address[1]}" for one in self.servers]

    def serve(self):
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = proxy.answer(body)
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass  # the payer was killed

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    def answer(self, body):
        calls = json.loads(body)
        fate, delay, lag = self.fates.draw()
        raws = [one["params"][0] for one in calls if one["method"] == "eth_sendRawTransaction"]
        after = [self.sent(bytes.fromhex(raw[2:])) for raw in raws]
        if fate == "lost request":
            return None
        if fate == "late request":
            time.sleep(delay)
        if any(one is False for one in after):
            return None
        try:
            answers = self.say(calls, lag if fate == "stale" else 0)
            if fate == "doubled":
                answers = self.say(calls, 0)
        except (OSError, http.client.HTTPException):
            return None
        if any(one() for one in after if callable(one)) or fate == "lost answer":
            return None
        if fate in ("late answer", "no answer"):
            time.sleep(delay if fate == "late answer" else HANG)
        return json.dumps(answers).encode()

    def say(self, calls, lag):
        if not lag:
            return self.forward(calls)
        stale = Stale(self.forward, lag)
        asked = [stale.asks(one) for one in calls]
        return [stale.says(call, answer) for call, answer in zip(asked, self.forward(asked))]

    def forward(self, calls):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/", json.dumps(calls), {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()
