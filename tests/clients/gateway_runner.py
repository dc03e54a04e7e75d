#!/usr/bin/env python3
"""Registers, calls and pays live runners by `livepeer_gateway`, the public Python client of the network.

Runs in an environment of its own (see `environment.py`), and reads orders from standard input, one JSON object a line,
each answered by one line on standard output:

    {"do": "register", "orchestrator": "https://127.0.0.1:9995", "secret": "s", "runner_url": "http://127.0.0.1:5000", "app": "a"}
    {"do": "call", "orchestrator": "https://127.0.0.1:9995", "app": "a", "path": "a", "payload": {}, "signer": null}
    {"do": "session", ...as call...}
    {"do": "leave"}
"""
import argparse
import asyncio
import json
import sys

from livepeer_gateway.errors import LivepeerGatewayError
from livepeer_gateway.live_runner import call_runner, register_runner
from livepeer_gateway.selection import reserve_session, runner_selector


class Client:
    def __init__(self):
        self.registration = None

    async def register(self, orchestrator, **runner):
        self.registration = await register_runner(orchestrator, auto_detect_gpu=False, **runner)
        return {"runner_id": self.registration.runner_id}

    async def leave(self):
        await self.registration.close()
        return {}

    async def call(self, orchestrator, app, path, payload, signer=None):
        found = await runner_selector(orchestrators=[orchestrator], app=app)
        runner = found.candidates[0]
        answer = await call_runner(f"{runner.url}/{path}", runner=runner, payload=payload, signer_url=signer, timeout=20)
        return {"data": answer.data, "url": runner.url}

    async def session(self, orchestrator, app, path, payload, signer=None):
        async with await reserve_session(orchestrators=[orchestrator], app=app, signer_url=signer) as session:
            answer = await call_runner(f"{session.app_url}/{path}", payload=payload, timeout=20)
        return {"data": answer.data, "session": session.session_id}


async def main():
    argparser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    argparser.add_argument("--certificate", help="of the other client; not used")
    argparser.parse_args()
    client = Client()
    print(json.dumps({"ready": True}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        try:
            out = await getattr(client, order.pop("do"))(**order)
        except (LivepeerGatewayError, OSError) as error:
            out = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(out), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
