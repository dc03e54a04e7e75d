"""The ledger's rows, read beside the host: its file is opened read-only, so that nothing but the host mends it."""
import json
import sqlite3
import typing


class Decision(typing.NamedTuple):
    seq: int
    orchestrator: int
    epoch: int
    due_at: int
    period_from: int
    decided_at: int
    job: int
    uptime_ppm: typing.Optional[int]
    action: int
    tier: str
    usd_e8: int
    wei: bytes
    delay_ns: int
    penalty_ns: int
    next_at: int
    consecutive_failures: int
    suspended: int
    reason: str
    generation: int
    state_digest: bytes


PAY = 1
JOB_OK = 1


class Gap(typing.NamedTuple):
    seq: int
    orchestrator: int
    from_at: int
    to_at: typing.Optional[int]
    cause: str
    usd_e8: typing.Optional[int]


class Generation(typing.NamedTuple):
    id: int
    at: int
    so_sha256: str
    table: str


class Orchestrator(typing.NamedTuple):
    id: int
    key: str
    first_seen_at: int


class Ledger:
    def __init__(self, state_folder):
        self.file = state_folder / "ledger.db"

    def _read(self, sql, *values):
        if not self.file.exists():
            return []
        connection = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # killed before its first transaction
                return []
            raise
        finally:
            connection.close()

    def decisions(self, after=0):
        return [Decision(*row) for row in self._read(
            f"SELECT {', '.join(Decision._fields)} FROM decision WHERE seq > ? ORDER BY seq", after)]

    def gaps(self):
        return [Gap(*row) for row in self._read(f"SELECT {', '.join(Gap._fields)} FROM gap ORDER BY seq")]

    def orchestrators(self):
        return {row[0]: Orchestrator(*row) for row in self._read("SELECT id, key, first_seen_at FROM orchestrator")}

    def size_kib(self):
        """The database with what its write-ahead log adds."""
        pages = self._read("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return pages[0][0] // 1024 if pages else 0

    def generations(self):
        rows = self._read("SELECT id, at, so_sha256, config FROM generation ORDER BY id")
        return [Generation(number, at, so, json.loads(config)["table"]) for number, at, so, config in rows]
