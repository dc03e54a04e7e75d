"""A mail server of aiosmtpd (Debian: python3-aiosmtpd), in a process of its own, since it needs the system's Python.

    mail_server.py [--certificate PEM --key PEM] [--user NAME --password WORD]

Prints its port, then each accepted e-mail as a line of JSON. Recipients that begin with "full" get 452, with "gone" 550.
"""
import argparse
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("full"):
            return "452 4.2.2 the mailbox is full"
        if address.startswith("gone"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None,
                          "user": session.auth_data, "message": envelope.original_content.decode("ascii")}), flush=True)
        return "250 OK"


def main():
    parser = argparse.ArgumentParser()
    for name in ("certificate", "key", "user", "password"):
        parser.add_argument("--" + name)
    options = parser.parse_args()
    more = {}
    if options.certificate:
        more["tls_context"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        more["tls_context"].load_cert_chain(options.certificate, options.key)
        more["require_starttls"] = True
    if options.user:
        def authenticate(server, session, envelope, mechanism, data):
            good = (data.login, data.password) == (options.user.encode(), options.password.encode())
            return AuthResult(success=good, handled=False, auth_data=options.user if good else None)
        more.update(authenticator=authenticate, auth_required=True)
    asyncio.run(serve(more))


async def serve(options):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), hostname="127.0.0.1", loop=loop, **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until the test ends
    server.close()


main()
