"""The questions, in the order in which the recorded nodes were asked: balances, slots and what is registered add up.

A question is a name (that of its recorded answer) and a function of a Network. The function returns an answer, a list of
answers, or something that it found out about an answer.
"""
import base64
import functools
import json

from network import (ADDRESS_SIGNATURE, AUTHORISED, JOB_SIGNATURE, JSON, SENDER, credential, encoded, job_header,
                     signed_header)

BODY = b'{"x":1}'
REFUSING = "http://127.0.0.1:1"


def asking(method, path, headers=(), body=None, of="orchestrator", **options):
    return lambda net: getattr(net, of)(method, path, headers, body, **options)


def registering(text):
    return lambda net: net.register_text(text)


def listed(name, removed=True, **fields):
    """Registers, asks for a token, and unregisters."""
    return lambda net: [net.register(name, **fields), net.token(name)] + ([net.unregister(name)] if removed else [])


def token(capability="echo", **options):
    return lambda net: net.token(capability, **options)


def job(header, path="echo"):
    return lambda net: net.job(path, header)


def direct(header, path="echo"):
    return lambda net: net.direct(path, header)


def registered(name, *steps, **fields):
    """Registers first, then takes the steps."""
    return lambda net: [net.register(name, **fields)] + [step(net) for step in steps]


def filtered(orchestrators):
    """A job with a filter that is made from the addresses in the pool."""
    return lambda net: net.job("echo", job_header("echo", parameters=json.dumps(
        {"orchestrators": orchestrators(*net.addresses)})))


def worker_saw(*found, before=None, ask):
    """What the worker received of a job."""
    def question(net):
        if before:
            net.register(before)
        ask(net)
        facts = [find(net.received()) for find in found]
        return facts[0] if len(facts) == 1 else facts
    return question


def sorted_headers(request):
    return sorted(request["headers"])


def content_types(request):
    return [header for header in request["headers"] if header[0].lower() == "content-type"]


def path_of(request):
    return request["path"]


def stream(end):
    """The shape of an event stream that does not end as it should, asked with a job of two seconds."""
    def question(net):
        answer = net.job(f"sse/200/{end}", job_header("d", 2), timeout=30)
        if "error" in answer:
            return answer["error"]
        body = answer["body"]
        return (answer["status"], answer["headers"].get("content-type"), answer["headers"].get("transfer-encoding"),
                body[:60], f"blank lines > 1000: {body.count(chr(10) * 4) > 250}", f"len>1MB {len(body) > 1e6}",
                "DONE" in body, round(answer["seconds"]))
    return question


def outline(answer, *headers):
    if "error" in answer:
        return answer["error"]
    return answer["status"], answer["body"][:80], {name: answer["headers"].get(name) for name in headers}


def paid(capability, price, timeout, jobs, path="plain", **fields):
    """A priced capability, and some jobs that the gateway pays."""
    def question(net):
        found = [outline(net.register(capability, price_per_unit=price, **fields))]
        for _ in range(jobs):
            answer = net.job(path, job_header(capability, timeout))
            found.append(outline(answer, "livepeer-balance", "x-orchestrator-url"))
        return tuple(found)
    return question


def free_job(net):
    return list(outline(net.job("plain", job_header("d")), "livepeer-balance"))


def unpaid(net):
    jobs = [(JSON,), (JSON, ("Livepeer-Payment", "%%%")), (JSON, ("Livepeer-Payment", "AAAA"))]
    return [outline(net.register("p6", price_per_unit=5000))] + [
        net.direct("plain", signed_header("p6"), headers=headers) for headers in jobs]


EXTRA_HEADERS = [JSON, ("Authorization", "Bearer client"), ("X-Foo", "f"), ("Accept", "a/b"), ("User-Agent", "me")]
register_path = functools.partial(asking, "POST", "/capability/register")
register_d = registered("d")
unpadded = job_header("echo") if job_header("echo").endswith("=") else job_header("echox")
not_standard = base64.urlsafe_b64encode(
    b'{"request":"{}","parameters":"{}","capability":"e\xff\xfe\xfb","timeout_seconds":2}').decode()
slow = job_header("d", 1)


def timed_out(net):
    """Two jobs that run out of time, the slots that they cost, and the registration that frees them."""
    return [net.job("slow/3", slow), net.token("d"), net.job("slow/3", slow), net.token("d"), net.register("d"),
            net.token("d")]


REGISTRATION = [
    ("A1 GET register", asking("GET", "/capability/register")),
    ("A1b PUT unregister", asking("PUT", "/capability/unregister", [AUTHORISED], b"x")),
    ("A2 wrong secret", lambda net: net.register("x", secret="nope")),
    ("A2b no auth", register_path([JSON], b"{}")),
    ("A3 bearer", lambda net: net.register("x", secret="Bearer orch-secret")),
    ("A4 half json", registering(b"{")),
    ("A4b empty", registering(b"")),
    ("A4c array", registering(b"[]")),
    ("A4d null", registering(b"null")),
    ("A4e trailing", registering(b"{} x")),
    ("A4f bad char", registering(b'{"name":x}')),
    ("A5 capacity string", lambda net: net.register("x", capacity="1")),
    ("A5b capacity float", lambda net: net.register("x", capacity=1.5)),
    ("A5c price float", lambda net: net.register("x", price_per_unit=1.5)),
    ("A5d price exp", registering(b'{"name":"x","price_per_unit":1e3}')),
    ("A5e price too big", registering(b'{"name":"x","price_per_unit":9223372036854775808}')),
    ("A5f url number", lambda net: net.register("x", url=5)),
    ("A5g negative price", listed("neg", price_per_unit=-5)),
    ("A5h scaling negative", listed("neg2", price_per_unit=5, price_scaling=-1)),
    ("A6 currency gbp", listed("x", removed=False, currency="gbp")),
    ("A6b currency USD", listed("usd", currency="USD", price_per_unit=1, price_scaling=1_000_000)),
    ("A6c currency ETH", listed("ethc", currency="ETH", price_per_unit=1, price_scaling=1_000_000_000)),
    ("A6d currency Wei", listed("weic", currency="Wei", price_per_unit=1)),
    ("A7 {}", lambda net: [net.register_text(b"{}"), net.unregister("")]),
    ("A7b key case", lambda net: [net.register_text(
        b'{"NAME":"kc","URL":"http://127.0.0.1:%d","Capacity":3}' % net.worker.port), net.token("kc"),
        net.unregister("kc")]),
    ("A8 valid", lambda net: net.register("echo")),
    ("A9 unregister unknown", lambda net: net.unregister("nosuch")),
    ("A10 unregister json", lambda net: [net.unregister('{"name":"echo"}'), net.token("echo")]),
    ("A10b unregister newline", lambda net: [net.unregister("echo\n"), net.token("echo")]),
    ("A11 capacity 0", listed("cap0", capacity=0)),
    ("A11b capacity -3", listed("capm", capacity=-3)),
    ("A12 7/10", listed("p07", price_per_unit=7, price_scaling=10)),
    ("A12b 15/10", listed("p15", price_per_unit=15, price_scaling=10)),
    ("A13 scaling missing", listed("psm", price_per_unit=7, price_scaling=0)),
    ("A14 price after unregister", lambda net: [net.register("pau", price_per_unit=7), net.unregister("pau"),
                                                net.token("pau")]),
]

TOKEN = [
    ("B1 POST", asking("POST", "/process/token", [], b"")),
    ("B1b HEAD", asking("HEAD", "/process/token")),
    ("B2 no eth", token(sender=None)),
    ("B3 no b64", token(sender="%%%")),
    ("B3b b64 no json", token(sender=encoded("hello"))),
    ("B4 sig 0x", token(sender=credential(signature="0x"))),
    ("B4b sig empty", token(sender=credential(signature=""))),
    ("B4c sig 1234", token(sender=credential(signature="0x1234"))),
    ("B6 lower case addr", token(sender=credential(address=SENDER.lower()))),
    ("B6b wrong sig", token(sender=credential(signature=JOB_SIGNATURE))),
    ("B8 no cap", token(None)),
    ("B8b empty cap", token("")),
    ("B9 unknown", token("nosuch")),
    ("B10 known free", token()),
    ("B11 priced poor sender", listed("priced", removed=False, price_per_unit=5000)),
    ("B14 two caps", token("echo,priced")),
    ("B15 token with slash path", asking("GET", "//process/token", [("Livepeer-Eth-Address", credential()),
                                                                     ("Livepeer-Capability", "echo")])),
    ("B16 token trailing slash", asking("GET", "/process/token/", [("Livepeer-Eth-Address", credential()),
                                                                    ("Livepeer-Capability", "echo")])),
    ("B17 orch root", asking("GET", "/")),
    ("B18 plain http to TLS", asking("GET", "/process/token", tls=False)),
    ("B19 orch unknown path", asking("POST", "/nosuch", [], b"")),
]

GATEWAY = [
    ("C1 GET", asking("GET", "/process/request/echo", of="gateway")),
    ("C1b OPTIONS", asking("OPTIONS", "/process/request/echo", of="gateway")),
    ("C2 no slash", asking("POST", "/process/request", [], b"{}", of="gateway")),
    ("C2b double slash", asking("POST", "//process/request/echo", [("Livepeer", job_header("echo"))], b"{}",
                                of="gateway")),
    ("C2c dotdot", asking("POST", "/process/request/a/../echo", [("Livepeer", job_header("echo"))], b"{}",
                          of="gateway")),
    ("C2d request double slash", asking("POST", "/process/request//echo", [("Livepeer", job_header("echo"))], b"{}",
                                        of="gateway")),
    ("C3 no header", job(None)),
    ("C4 %%%", job("%%%")),
    ("C5 unpadded", job(unpadded.rstrip("="))),
    ("C5b urlsafe", job(not_standard)),
    ("C6 no timeout", job(job_header("echo", None))),
    ("C6b timeout 0", job(job_header("echo", 0))),
    ("C6c timeout neg", job(job_header("echo", -5))),
    ("C7 timeout str", job(job_header("echo", "30"))),
    ("C7b timeout float", job(job_header("echo", 1.5))),
    ("C7c timeout big", job(job_header("echo", 10**19))),
    ("C8 no parameters", job(job_header("echo", parameters=None))),
    ("C9 no request", job(job_header("echo", request=None))),
    ("C10 request hi", job(job_header("echo", request="hi"))),
    ("C10b request []", job(job_header("echo", request="[]"))),
    ("C10c request null", job(job_header("echo", request="null"))),
    ('C10d request "str"', job(job_header("echo", request='"s"'))),
    ("C11 parameters object", job(job_header("echo", parameters={}))),
    ("C11b parameters orchestrators string", job(job_header("echo", parameters='{"orchestrators":"x"}'))),
    ("C11c include string", job(job_header("echo", parameters='{"orchestrators":{"include":"x"}}'))),
    ("C11d include numbers", job(job_header("echo", parameters='{"orchestrators":{"include":[5]}}'))),
    ("C11e header array", job(encoded("[]"))),
    ("C11f header null", job(encoded("null"))),
    ("C11g header empty obj", job(encoded("{}"))),
    ("C11h capability number", job(job_header(5))),
    ("C12 unknown", job(job_header("nosuch"))),
    ("C12b empty capability", job(job_header(""))),
    ("C12c odd capability", job(job_header('a"b<c>\n'))),
    ("C12d utf8 capability", job(job_header("\u00e4\u20ac"))),
    ("C13 exclude all", filtered(lambda first, second: {"exclude": [first, second]})),
    ("C14 include slash", filtered(lambda first, _: {"include": [first + "/"]})),
    ("C14b include upper", filtered(lambda first, _: {"include": [first.replace("https", "HTTPS")]})),
    ("C15 incl+excl", filtered(lambda first, _: {"include": [first], "exclude": [first]})),
    ("C17 root", asking("GET", "/", of="gateway")),
    ("C18 healthz", asking("GET", "/healthz", of="gateway")),
    ("C19 unknown path", asking("POST", "/nosuch", [], b"", of="gateway")),
    ("C20 sentinel as stipend", filtered(lambda *_: {"include": ["https://sentinel.invalid:1",
                                                                 "https://sentinel.invalid:1/"]})),
]

OUTCOMES = [
    ("D0 setup", lambda net: [net.register("d"), net.register("dt", token="wtok")]),
    ("D1 ok201", lambda net: net.job("ok201?q=1", job_header("dt"), BODY, EXTRA_HEADERS)),
    ("D1s what the worker saw", worker_saw(
        sorted_headers, path_of, lambda request: request["method"],
        ask=lambda net: net.job("ok201/sub%20x?q=1", job_header("dt"), BODY, EXTRA_HEADERS))),
    ("D1t worker saw, orchestrator direct", worker_saw(
        sorted_headers, path_of, ask=lambda net: net.direct("ok201", signed_header("dt"), BODY))),
    ("D1u empty path", lambda net: [net.job("", job_header("d"), BODY), path_of(net.received())]),
    *((f"D2 worker {status}", job(job_header("d"), f"status/{status}"))
      for status in (400, 402, 403, 404, 409, 418, 429, 451, 499)),
    *((f"D3 worker {status}", job(job_header("d"), f"status/{status}")) for status in (500, 502, 503, 504, 599)),
    # The endless redirect loses the capability, so that from there on "d" is unknown, until it is registered in D5.
    *((f"D8 {path}", lambda net, path=path: net.job(path, job_header("d"), BODY))
      for path in ("plain", "html", "notype", "empty", "204", "gzip", "redirect", "redirect307", "redirloop", "trunc",
                   "big/3000", "big/300000")),
    ("D8x token after those", token("d")),
    *((f"E10 direct {path}", lambda net, path=path: net.direct(path, signed_header("d"), BODY))
      for path in ("plain", "trunc", "redirloop", "204", "gzip", "big/3000", "status/429", "status/500", "ok201",
                   "notype")),
    ("D10 no content type", worker_saw(
        content_types, ask=lambda net: net.job("echo", job_header("d"), b"{}", []))),
    ("D10b no body", worker_saw(sorted_headers, ask=lambda net: net.job("echo", job_header("d"), b""))),
    ("D5 timeout 1, worker slow 3", timed_out),
    ("D5b capacity 1 leaked", lambda net: [
        net.register("d1", capacity=1), net.job("slow/3", job_header("d1", 1)), net.token("d1"),
        net.job("plain", job_header("d1")), net.direct("plain", signed_header("d1")), net.token("d1"),
        net.unregister("d1")]),
    ("D6 worker 401", registered("d401", job(job_header("d401"), "status/401"), token("d401"),
                                 job(job_header("d401"), "status/401"))),
    ("D6b direct 401", registered("d401", direct(signed_header("d401"), "status/401"), token("d401"))),
    ("D7 refused", registered("dref", job(job_header("dref"), "x"), token("dref"), url=REFUSING)),
    ("D7b direct refused", registered("dref", direct(signed_header("dref"), "x"), token("dref"), url=REFUSING)),
    ("D7c close", registered("dcl", direct(signed_header("dcl"), "close"), token("dcl"))),
    ("D7d reset", registered("drs", direct(signed_header("drs"), "reset"), token("drs"))),
    ("D7e garbage", registered("dga", direct(signed_header("dga"), "garbage"), token("dga"))),
    ("D7f bad url", registered("dbu", direct(signed_header("dbu"), "x"), token("dbu"), url="nota url")),
    ("D7g empty url", registered("deu", direct(signed_header("deu"), "x"), token("deu"), url="")),
    ("D7h dns", registered("ddns", lambda net: net.direct("x", signed_header("ddns")).get("status"), token("ddns"),
                           url="http://nosuch.invalid:1")),
    ("D7i url trailing slash", lambda net: [
        net.register("dts", url=f"http://127.0.0.1:{net.worker.port}/"), net.direct("echo", signed_header("dts")),
        path_of(net.received())]),
    ("D7j https worker on http port", lambda net: [
        net.register("dhs", url=f"https://127.0.0.1:{net.worker.port}"), net.direct("echo", signed_header("dhs")),
        net.token("dhs")]),
    ("D4 failover", lambda net: [
        net.register("fo", url=REFUSING), net.register("fo", number=1), net.job("plain", job_header("fo")),
        net.token("fo"), net.token("fo", number=1)]),
]

ORCHESTRATOR = [
    ("E1 sig 0x1234", direct(signed_header("d", sig="0x1234"))),
    ("E1b sig wrong", direct(signed_header("d", sig=ADDRESS_SIGNATURE))),
    ("E1c sig nothex", direct(signed_header("d", sig="zz"))),
    ("E2 130 hex", direct(signed_header("d", sig=JOB_SIGNATURE[2:]))),
    ("E3 unregistered", direct(signed_header("nosuch"))),
    ("E4 timeout 0", direct(signed_header("d", 0))),
    ("E4b timeout missing", direct(encoded('{"request":"{}"}'))),
    ("E4c no header", direct(None)),
    ("E4d bad b64", direct("%%%")),
    ("E11 tampered id", direct(signed_header("d", id="another"), "plain")),
    ("E12 GET", asking("GET", "/process/request/echo")),
    ("E13 over capacity", registered("ocap", token("ocap"), direct(signed_header("ocap"), "plain"), token("ocap"),
                                     capacity=0)),
    ("E14 stream routes", lambda net: [net.orchestrator("POST", "/ai/stream/" + route, [JSON], b"{}")
                                       for route in ("start", "stop", "payment")]),
    ("E15 gateway stream routes", lambda net: [
        net.gateway(method, "/process/stream/" + route, [JSON] if body else [], body) for method, route, body in (
            ("POST", "start", b"{}"), ("GET", "start", None), ("POST", "x/stop", b"{}"), ("GET", "x/status", None),
            ("OPTIONS", "x", None))]),
]

STREAMS = [
    ("F1 sse done", job(job_header("d"), "sse/200/done")),
    ("F1b direct", direct(signed_header("d"), "sse/200/done")),
    ("F2 sse 500", job(job_header("d"), "sse/500/done")),
    ("F3 sse no done t=2", stream("none")),
    ("F4 70k line t=2", stream("line")),
    ("F5 hang t=2", stream("hang")),
    ("F1c sse slow 3", job(job_header("d"), "sse/200/wait/3")),
]

PAYMENT = [
    ("P1 price 0", free_job),
    ("P2 5000 t30", paid("p2", 5000, 30, 3)),
    ("P3 t59", paid("p3a", 5000, 59, 2)),
    ("P3 t60", paid("p3b", 5000, 60, 2)),
    ("P4 t600 9999", paid("p4a", 9999, 600, 2)),
    ("P4 t600 10001", paid("p4b", 10001, 600, 3)),
    ("P5 t120", paid("p5", 1000, 120, 6)),
    ("P5b slow 2", paid("p5b", 1000, 120, 2, "slow/2.2")),
    ("P5c worker 429", paid("p5c", 1000, 120, 2, "status/429")),
    ("P5d worker 500", paid("p5d", 1000, 120, 2, "status/500")),
    ("P6 direct no payment", unpaid),
    ("P7 sse priced", paid("p7", 5000, 60, 1, "sse/200/wait/7")),
    ("P7b sse priced after", paid("p7", 5000, 60, 1, "sse/200/done")),
    ("P8 fractional", paid("p8", 15, 120, 2, price_scaling=10)),
]

# The endless redirect hid these from the questions above; here each has the capability registered anew.
AGAIN = [
    ("Z0 setup", register_d),
    *((f"Z8 {path}", registered("d", lambda net, path=path: net.job(path, job_header("d"), BODY)))
      for path in ("trunc", "big/2047", "big/2048", "big/3000", "big/300000", "slow/0.1")),
    ("Z8x redirloop direct", registered("d", direct(signed_header("d"), "redirloop"), token("d"))),
    ("Z8y token after trunc", registered("d", job(job_header("d"), "trunc"), token("d"))),
    *((f"Z10 direct {path}", registered("d", lambda net, path=path: net.direct(path, signed_header("d"), BODY)))
      for path in ("plain", "trunc", "204", "gzip", "big/3000", "big/300000", "status/429", "status/500", "ok201",
                   "notype", "html")),
    ("Z11 no content type", worker_saw(
        content_types, before="d", ask=lambda net: net.job("echo", job_header("d"), b"{}", []))),
    ("Z11b no body", worker_saw(
        sorted_headers, before="d", ask=lambda net: net.job("echo", job_header("d"), b""))),
    ("Z11c two content types", worker_saw(
        content_types, before="d",
        ask=lambda net: net.job("echo", job_header("d"), b"{}", [("Content-Type", "a/b"), ("Content-Type", "c/d")]))),
    ("Z5 timeout 1, worker slow 3", lambda net: [net.register("d")] + timed_out(net)),
    ("Z5d direct timeout", registered("d", direct(signed_header("d", 1), "slow/3"), token("d"))),
]

QUESTIONS = [*REGISTRATION, *TOKEN, *GATEWAY, *OUTCOMES, *ORCHESTRATOR, *STREAMS, *PAYMENT, *AGAIN]

# Asked together, at the place of the first of them: they take long, each has a capability or a slot of its own, and none
# of their answers depends on another one's.
TOGETHER = {"F3 sse no done t=2", "F4 70k line t=2", "F5 hang t=2", "P5b slow 2", "P7 sse priced"}
