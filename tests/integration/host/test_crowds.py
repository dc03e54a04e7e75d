"""Many clients of the API at once: readers of events, connections that send a byte now and then, a flood of logins. Payments
go on through all of it."""
import asyncio
import json
import time
import unittest

from network import Devnet, Host, PATIENCE, wait_for

CROWD = 2_000
EACH = 100  # of one address, below the burst of the limit on requests
PASSWORD = "correct horse battery"


def source(number):
    return f"127.0.2.{number // EACH + 1}", 0


async def connect(address, number):
    host, port = address.split(":")
    return await asyncio.open_connection(host, int(port), local_addr=source(number))


async def answer_of(reader):
    """Status and body of an answer with a length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)


class CrowdTest(unittest.TestCase):
    orchestrators = 3

    def setUp(self):
        self.devnet = Devnet(self.orchestrators)
        self.addCleanup(self.devnet.end)
        self.host = Host(self.devnet, 1)
        self.addCleanup(self.host.end)
        self.host.environment.update(ADMIN_PASSWORD=PASSWORD)
        self.host.start()
        self.address = self.host.wait_line("the API is served at").split("http://")[1].strip()

    async def ask(self, head, body=b"", number=CROWD):
        reader, writer = await connect(self.address, number)
        writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        status, text = await asyncio.wait_for(answer_of(reader), PATIENCE)
        writer.close()
        return status, text


class Readers(CrowdTest):
    def test_each_of_two_thousand_readers_gets_each_payment_and_a_further_one_is_refused(self):
        code, out, err = self.host.run("api-key", "add", "crowd", "--role", "viewer", "--json")
        self.assertEqual(code, 0, err)
        head = f"GET /api/v1/events HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {json.loads(out)['key']}\r\n"
        first, got = {}, {}
        refused, through = asyncio.Event(), asyncio.Event()

        async def read(number, coming):
            async with coming:  # more at once would be refused, since too many requests wait
                reader, writer = await connect(self.address, number)
                writer.write(head.encode() + b"\r\n")
                status = int((await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1])
            self.assertEqual(status, 200)
            first[number] = True
            payments = got.setdefault(number, [])
            event = ""
            while not through.is_set():
                line = (await reader.readline()).decode().strip()
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event == "payment":
                    data = json.loads(line[6:])
                    payments.append((data["orchestrator"], data["epoch"]))
                    if refused.is_set() and all(len(got.get(one, ())) >= 6 for one in range(0, CROWD, 97)):
                        through.set()
            writer.close()

        async def everything():
            coming = asyncio.Semaphore(32)
            tasks = [asyncio.create_task(read(number, coming)) for number in range(CROWD)]
            end = time.monotonic() + 2 * PATIENCE
            while len(first) < CROWD:
                for task in tasks:
                    if task.done():
                        task.result()
                if time.monotonic() > end:
                    raise AssertionError(f"{len(first)} readers")
                await asyncio.sleep(0.05)
            status, _ = await self.ask(head)
            self.assertEqual(status, 503)
            refused.set()  # before that no reader may leave its place
            await asyncio.wait_for(asyncio.gather(*tasks), 2 * PATIENCE)

        asyncio.run(everything())
        expected = {(line["orchestrator"], line["epoch"]) for line in self.host.decisions()}
        for payments in got.values():
            self.assertEqual(len(payments), len(set(payments)))
            self.assertLessEqual(set(payments), expected)
            # Those of one orchestrator come without a gap.
            for orchestrator in {one for one, _ in payments}:
                epochs = [epoch for one, epoch in payments if one == orchestrator]
                self.assertEqual(epochs, list(range(epochs[0], epochs[0] + len(epochs))))
        self.assertEqual(self.host.status()["alerts"], [])


class Slow(CrowdTest):
    def test_connections_that_send_a_byte_now_and_then_hold_up_nothing_and_are_closed(self):
        async def drip(number, closed):
            reader, writer = await connect(self.address, number)
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: h\r\nX-")
            ended = asyncio.create_task(reader.read())
            while not ended.done():
                writer.write(b"a")
                await asyncio.wait([ended], timeout=1)
            ended.exception()  # a reset closes as well
            closed.append(number)
            writer.close()

        async def everything():
            closed = []
            begun = time.monotonic()
            drips = [asyncio.create_task(drip(number, closed)) for number in range(CROWD)]
            before, answers = len(self.host.decisions()), []
            while len(closed) < CROWD:
                self.assertLess(time.monotonic() - begun, 2 * PATIENCE, f"{len(closed)} of {CROWD} are closed")
                asked = time.monotonic()
                status, _ = await self.ask("GET /readyz HTTP/1.1\r\nHost: h\r\n")
                self.assertEqual(status, 200)
                answers.append(time.monotonic() - asked)
                await asyncio.wait(drips, timeout=0.2)
            await asyncio.gather(*drips)
            self.assertGreater(len(answers), 10)
            return before

        before = asyncio.run(everything())
        wait_for(lambda: len(self.host.decisions()) >= before + 6 * self.orchestrators, "further payments")
        self.assertEqual(self.host.status()["alerts"], [])


if __name__ == "__main__":
    unittest.main()
