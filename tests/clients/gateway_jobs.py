#!/usr/bin/env python3
"""Sends jobs by `livepeer_gateway.byoc`, the public Python client of BYOC, to orchestrators whose workers are stipend's.

Runs in an environment of its own (see `environment.py`), and reads orders from standard input, one JSON object a line:

    {"orchestrators": ["https://127.0.0.1:9995"], "capability": "agent-net", "payload": {"agent_id": "orch-1"}}

with "signed": false for a job without a signature. Each is answered by one line on standard output.

The client takes its signatures from a remote signer, and asks an orchestrator's gRPC service, at port 8935 of its host,
for ticket parameters. Both are played here: the signer with a key of its own, by eth-account; the gRPC service states no
ticket parameters, as an orchestrator of free capabilities does, so the client sends no payment.
"""
import argparse
import concurrent.futures
import hashlib
import http.server
import json
import pathlib
import ssl
import sys
import threading
import time
import urllib.request
import base64

import grpc
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils import keccak
from livepeer_gateway import lp_rpc_pb2, lp_rpc_pb2_grpc
from livepeer_gateway.byoc import ByocJobRequest, submit_byoc_job
from livepeer_gateway.errors import LivepeerGatewayError

ACCOUNT = Account.from_key(hashlib.sha256(b"a client of the tests").digest())


def signature(text):
    """Of the keccak of a text, as Ethereum's personal_sign makes it."""
    return "0x" + ACCOUNT.sign_message(encode_defunct(primitive=keccak(text=text))).signature.hex().removeprefix("0x")


class Signer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path == "/sign-byoc-job":
            answer = {"sender": ACCOUNT.address, "signature": signature(order["request"] + order["parameters"])}
        elif self.path == "/sign-orchestrator-info":
            answer = {"address": ACCOUNT.address, "signature": signature(ACCOUNT.address)}
        else:
            return self.send_error(404)
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Information(lp_rpc_pb2_grpc.OrchestratorServicer):
    def GetOrchestrator(self, request, context):
        signer = Account.recover_message(encode_defunct(primitive=keccak(text=ACCOUNT.address)), signature=request.sig)
        if bytes.fromhex(signer[2:]) != request.address:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "not the sender's signature")
        return lp_rpc_pb2.OrchestratorInfo()


def serve_information(host, certificate):
    key, chain = (pathlib.Path(certificate, name).read_bytes() for name in ("key.pem", "cert.pem"))
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    lp_rpc_pb2_grpc.add_OrchestratorServicer_to_server(Information(), server)
    if server.add_secure_port(f"{host}:8935", grpc.ssl_server_credentials([(key, chain)])) == 0:
        raise OSError(f"{host}:8935 is taken")
    server.start()
    return server


def token(orchestrator, capability):
    """What the orchestrator offers this account."""
    sender = json.dumps({"addr": ACCOUNT.address, "sig": signature(ACCOUNT.address)})
    request = urllib.request.Request(orchestrator + "/process/token", headers={
        "Livepeer-Eth-Address": base64.b64encode(sender.encode()).decode(), "Livepeer-Capability": capability})
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # an orchestrator signs its own certificate
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:
        return json.loads(answer.read())


def do(order, signer):
    started = time.time()
    out = {"order": order, "at": started}
    try:
        if order.get("token"):
            out["token"] = token(order["orchestrators"][0], order["capability"])
        else:
            job = ByocJobRequest(capability=order["capability"], payload=order["payload"],
                                 timeout_seconds=order.get("timeout", 20))
            answer = submit_byoc_job(job, orch_url=order["orchestrators"],
                                     signer_url=signer if order.get("signed", True) else None)
            out.update(status=answer.status_code, data=answer.data, balance=answer.balance,
                       orchestrator=answer.orchestrator_url)
    except (LivepeerGatewayError, OSError) as error:
        out["error"] = f"{type(error).__name__}: {error}"
    out["until"] = time.time()
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1", help="of the orchestrators, where port 8935 has to be free")
    parser.add_argument("--certificate", required=True, help="a folder with cert.pem and key.pem for the gRPC service")
    options = parser.parse_args()
    signer = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Signer)
    threading.Thread(target=signer.serve_forever, daemon=True).start()
    information = serve_information(options.host, options.certificate)
    print(json.dumps({"ready": ACCOUNT.address}), flush=True)
    for line in sys.stdin:
        print(json.dumps(do(json.loads(line), f"http://127.0.0.1:{signer.server_port}")), flush=True)
    information.stop(0)
    signer.shutdown()


if __name__ == "__main__":
    main()
