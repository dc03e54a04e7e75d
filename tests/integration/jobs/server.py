"""A server that answers jobs as a gateway does, and stalls at times: the test decides when."""
import asyncio
import threading

BODY = b'{"overall_uptime_percentage":100}'
ANSWER = (b"HTTP/1.1 200 OK\r\nX-Orchestrator-Url: https://127.0.1.1:9995\r\nContent-Type: application/json\r\n"
          b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY))


class Server:
    """Answers after `each` seconds, but nothing within the last `stall` seconds of every `period` seconds.

    `closes`: it closes each connection after the answer, without a word in it."""

    def __init__(self, stall=0, period=1, each=0, tls=None, closes=False):
        self.stall, self.period, self.each = stall, period, each
        self.tls, self.closes = tls, closes
        self.jobs = 0
        self.news = threading.Condition()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,))
        self.thread.start()
        ready.wait()

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1000,
                                                                   ssl=self.tls))
        self.url = ("https" if self.tls else "http") + "://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        self.began = self.loop.time()
        ready.set()
        self.loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()

    async def _wait(self):
        within = (self.loop.time() - self.began) % self.period
        if within >= self.period - self.stall:
            await asyncio.sleep(self.period - within)
        if self.each:
            await asyncio.sleep(self.each)

    async def _serve(self, reader, writer):
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:"))
                await reader.readexactly(length)
                with self.news:
                    self.jobs += 1
                    self.news.notify_all()
                await self._wait()
                writer.write(ANSWER)
                await writer.drain()
                if self.closes:
                    writer.close()
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def wait_jobs(self, count, patience=60):
        with self.news:
            if not self.news.wait_for(lambda: self.jobs >= count, patience):
                raise AssertionError(f"{self.jobs} jobs within {patience} s, want {count}")

    def end(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(timeout=20)
