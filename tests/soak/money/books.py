"""A ledger and a chain as they are, read without any code of the host."""
import contextlib
import sqlite3
import typing

RESERVED, HELD, BOUND, SENT, MINED, CONFIRMED, PAID, RETURNED, FROZEN = range(1, 10)
FREE = 2


class Transaction(typing.NamedTuple):
    hash: bytes
    nonce: int
    to: str
    wei: int
    executed: bool
    fee: int
    block: int


def payee(number):
    return f"0xfeed{number:036}"


def amount(blob):
    """Signed, 32 bytes."""
    return int.from_bytes(blob, "big", signed=True)


class Books:
    def __init__(self, file):
        self.file = file

    def rows(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=20)) as database:
            return database.execute(sql, values).fetchall()

    def recorded(self, raw):
        return bool(self.rows("SELECT 1 FROM attempt WHERE raw = ?", raw))

    def paid(self):
        return self.rows("SELECT count(*) FROM payout WHERE state = ?", PAID)[0][0]

    def open(self):
        return self.rows("SELECT count(*) FROM payout WHERE state NOT IN (?, ?)", PAID, RETURNED)[0][0]

    def decisions(self):
        return {(who, epoch): wei for who, epoch, wei in self.rows("SELECT orchestrator, epoch, wei FROM decision")}

    def balances(self):
        """By account; of all entries."""
        out = {}
        for name, wei in self.rows("SELECT a.name, e.wei FROM entry e JOIN account a ON a.id = e.account"):
            out[name] = out.get(name, 0) + amount(wei)
        return out


def executed_by(chain, payer):
    """All transactions of the payer in the chain as it is now, in their order."""
    out = []
    for number in range(int(chain.call("eth_blockNumber"), 16) + 1):
        for one in chain.call("eth_getBlockByNumber", hex(number), True)["transactions"]:
            if one["from"].lower() != payer:
                continue
            receipt = chain.call("eth_getTransactionReceipt", one["hash"])
            out.append(Transaction(bytes.fromhex(one["hash"][2:]), int(one["nonce"], 16), one["to"].lower(),
                                   int(one["value"], 16), receipt["status"] == "0x1",
                                   int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16), number))
    return out


def read_rlp(raw, at=0):
    """The item at a place, bytes or a list of items, and where the next one begins."""
    first = raw[at]
    if first < 0x80:
        return raw[at:at + 1], at + 1
    is_list = first >= 0xc0
    size = first - (0xc0 if is_list else 0x80)
    at += 1
    if size > 55:
        width = size - 55
        size = int.from_bytes(raw[at:at + width], "big")
        at += width
    end = at + size
    if not is_list:
        return raw[at:end], end
    items = []
    while at < end:
        item, at = read_rlp(raw, at)
        items.append(item)
    return items, end


class Signed(typing.NamedTuple):
    """What signed bytes pay: chain, nonce, to, value and data, without fees."""
    chain: int
    nonce: int
    to: str
    wei: int
    data: bytes


def signed(raw):
    assert raw[0] == 2, raw
    items, end = read_rlp(raw, 1)
    assert end == len(raw) and len(items) == 12, raw
    number = [int.from_bytes(items[at], "big") for at in (0, 1, 6)]
    return Signed(number[0], number[1], "0x" + items[5].hex(), number[2], items[7])
