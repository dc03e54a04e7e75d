"""The twenty invariants of money, checked on a ledger and a chain that are at rest. Nothing here is the host's code but
`verify`, which is the ledger's own check."""
import collections
import itertools

from books import (BOUND, CONFIRMED, FREE, FROZEN, HELD, MINED, PAID, RESERVED, RETURNED, SENT, Payment, amount, executed_by,
                   payee, signed)

DAY_NS = 86_400 * 10**9
EDGES = {RESERVED: {HELD, BOUND, RETURNED, FROZEN}, HELD: {RESERVED, RETURNED, FROZEN},
         BOUND: {RESERVED, SENT, MINED, PAID, RETURNED, FROZEN}, SENT: {MINED, CONFIRMED, PAID, RETURNED, FROZEN},
         MINED: {SENT, CONFIRMED, PAID, RETURNED, FROZEN}, CONFIRMED: {SENT, MINED, PAID, RETURNED, FROZEN}, PAID: set(),
         RETURNED: set(), FROZEN: {BOUND, PAID, RETURNED}}

HOW = {
    "I1": "no second row for an orchestrator and epoch; periods do not overlap; no decision that was seen has changed",
    "I2": "each payout is all that was decided or came back since the one before",
    "I3": "a payout has one nonce in all its steps, unless that was free again; each has the outcome of its own on the chain",
    "I4": "the signed bytes of a nonce pay the same, or nothing",
    "I5": "what came to the network was in the ledger's file at that moment",
    "I6": "each address received what its paid payouts say, transaction by transaction, and by its balance",
    "I7": "entries of each row sum to zero; owed and inflight are never below zero",
    "I8": "the treasury's entries are the change of the payer's balance, gas included",
    "I9": "nonces begin with 0 and have no gap, in the ledger and on the chain",
    "I10": "sums of each UTC day by the times of binding",
    "I11": "the ledger's own check finds nothing",
    "I12": "each step of each payout is an edge",
    "I13": "not of this run: nothing here is a dry run",
    "I14": "a second payer on the same ledger ends; there are no fences of several hosts yet",
    "I15": "at the end each payout is paid, held or returned, and each that is held is of the payee that always rejects",
    "I16": "not of this run, which depends on the time; the recorded run checks it",
    "I17": "each transaction of the payer is the attempt that ended a nonce of the ledger, and the other way round",
    "I18": "what was decided is paid, reserved or owed",
    "I19": "each payment went to its payee's own address, neither zero nor the payer",
    "I20": "the payer was killed while it recovered, too",
}


class Audit:
    def __init__(self, books, chain, payer, began, limits, seen, address=payee, rejecting=1):
        self.books, self.payer, self.limits = books, payer.lower(), limits
        self.chain, self.began = chain, began  # the payer's balance at the begin
        self.address, self.rejecting = address, rejecting  # of an orchestrator; the one whose payouts may be held
        self.seen = seen  # decisions that were read while all went on
        self.found = collections.defaultdict(list)
        self.done = executed_by(chain, self.payer)
        self.payouts = books.rows("SELECT id, orchestrator, to_address, wei, state, slot, seq FROM payout ORDER BY id")
        self.slots = {one[0]: one for one in books.rows("SELECT id, nonce, state, payouts, at FROM slot")}
        self.ends = {one[0]: one for one in books.rows("SELECT slot, id, fee_wei, executed FROM slot_end")}

    def add(self, invariant, text):
        self.found[invariant].append(text)

    def all(self):
        for check in (self.decisions, self.sums_of_payouts, self.bindings, self.attempts, self.received, self.entries,
                      self.nonces, self.days, self.steps, self.end_states, self.ledger_and_chain, self.addresses,
                      self.outcomes):
            check()
        return self.found

    def decisions(self):
        rows = self.books.rows("SELECT orchestrator, epoch, period_from, due_at FROM decision ORDER BY orchestrator, epoch")
        for before, after in itertools.pairwise(rows):
            if before[0] != after[0]:
                continue
            if before[1] == after[1] or before[3] > after[2]:
                self.add("I1", f"orchestrator {after[0]}: epochs {before[1]} and {after[1]} overlap")
        now = self.books.decisions()
        for key, wei in self.seen.items():
            if now.get(key) != wei:
                self.add("I1", f"decision {key} was seen and has changed or gone")

    def sums_of_payouts(self):
        rows = [(seq, orchestrator, amount(wei)) for seq, orchestrator, wei in self.books.rows(
            "SELECT seq, orchestrator, wei FROM decision UNION ALL SELECT s.seq, p.orchestrator, p.wei FROM payout_step s "
            "JOIN payout p ON p.id = s.payout WHERE s.state = ?", RETURNED)]
        rows += [(seq, orchestrator, -amount(wei)) for _, orchestrator, _, wei, _, _, seq in self.payouts]
        owed = collections.Counter()
        for _, orchestrator, wei in sorted(rows):
            owed[orchestrator] += wei
            if wei < 0 and owed[orchestrator] != 0:
                self.add("I2", f"a payout of orchestrator {orchestrator} leaves {owed[orchestrator]} wei of what was owed")
        held = sum(amount(wei) for _, _, _, wei, state, _, _ in self.payouts if state not in (PAID, RETURNED))
        paid = sum(amount(wei) for _, _, _, wei, state, _, _ in self.payouts if state == PAID)
        decided = sum(amount(wei) for wei in self.books.decisions().values())
        if decided != paid + held + sum(owed.values()):
            self.add("I18", f"decided {decided} wei, and paid {paid}, reserved {held}, owed {sum(owed.values())}")

    def bindings(self):
        slots = collections.defaultdict(set)
        for payout, slot in self.books.rows("SELECT payout, slot FROM payout_step WHERE slot != 0"):
            if self.slots[slot][2] != FREE:
                slots[payout].add(slot)
        for payout, of in slots.items():
            if len(of) > 1:
                self.add("I3", f"payout {payout} had the slots {sorted(of)}")
        counts = collections.Counter(one[5] for one in self.payouts if one[5])
        for slot, _, state, count, _ in self.slots.values():
            if state != FREE and counts[slot] != count:
                self.add("I3", f"slot {slot} has {counts[slot]} payouts, and says {count}")

    def attempts(self):
        pays = {}
        for slot, raw, gives_up in self.books.rows("SELECT slot, raw, gives_up FROM attempt"):
            what = signed(raw)
            if what.nonce != self.slots[slot][1]:
                self.add("I4", f"slot {slot}: an attempt has nonce {what.nonce}, want {self.slots[slot][1]}")
            if gives_up:
                what = what._replace(to=self.payer, wei=0, data=b"")
                if what != signed(raw):
                    self.add("I4", f"slot {slot}: an attempt that gives it up pays")
            elif pays.setdefault(slot, what) != what:
                self.add("I4", f"slot {slot}: its attempts pay different things")

    def received(self):
        want = collections.Counter()
        for _, orchestrator, to, wei, state, _, _ in self.payouts:
            if state == PAID:
                want[to] += amount(wei)
        got = collections.Counter()
        for payment in itertools.chain.from_iterable(one.payments for one in self.done):
            if payment.paid:
                got[payment.to] += payment.wei
        for to in sorted({*want, *got}):
            balance = self.chain.balance(to)
            if got[to] != want[to] or balance != want[to]:
                self.add("I6", f"{to} received {got[to]} wei and has {balance}, and the ledger says {want[to]}")

    def entries(self):
        sums = collections.Counter()
        floors = collections.Counter()
        for journal, name, wei in self.books.rows(
                "SELECT e.journal, a.name, e.wei FROM entry e JOIN account a ON a.id = e.account ORDER BY e.journal"):
            sums[journal] += amount(wei)
            floors[name] += amount(wei)
            if name.startswith(("owed:", "inflight:")) and floors[name] < 0:
                self.add("I7", f"{name} is {floors[name]} wei at row {journal}")
        for journal, wei in sums.items():
            if wei:
                self.add("I7", f"the entries of row {journal} sum to {wei}")
        if sum(floors.values()):
            self.add("I18", f"all accounts sum to {sum(floors.values())}")
        spent = self.began - self.chain.balance(self.payer)
        if floors[f"treasury:{self.payer}"] != spent:
            self.add("I8", f"the treasury's entries are {floors[f'treasury:{self.payer}']} wei, and {spent} wei have left it")

    def nonces(self):
        taken = sorted(nonce for _, nonce, state, _, _ in self.slots.values() if state != FREE)
        on_chain = [one.nonce for one in self.done]
        for where, got in (("the ledger", taken), ("the chain", on_chain)):
            if got != list(range(len(got))):
                gap = next(at for at, nonce in enumerate(got) if at != nonce)
                self.add("I9", f"{where}: nonce {got[gap]} where {gap} should be")
        if len(taken) != len(on_chain):
            self.add("I9", f"{len(taken)} nonces are taken and {len(on_chain)} were executed")

    def days(self):
        whole, own = collections.Counter(), collections.Counter()
        for _, _, to, wei, _, slot, _ in self.payouts:
            if amount(wei) > self.limits["per_payment"] and slot:
                self.add("I10", f"a payment of {amount(wei)} wei")
            if slot:
                day = self.slots[slot][4] // DAY_NS
                whole[day] += amount(wei)
                own[day, to] += amount(wei)
        for name, sums in (("per_day", whole), ("per_payee_day", own)):
            for key, wei in sums.items():
                if wei > self.limits[name]:
                    self.add("I10", f"{name}: {wei} wei were bound, of {key}")

    def steps(self):
        at = {one[0]: RESERVED for one in self.payouts}
        for payout, state in self.books.rows("SELECT payout, state FROM payout_step ORDER BY seq"):
            if state not in EDGES[at[payout]]:
                self.add("I12", f"payout {payout} goes from {at[payout]} to {state}")
            at[payout] = state
        for payout, _, _, _, state, _, _ in self.payouts:
            if state != at[payout]:
                self.add("I12", f"payout {payout} is in state {state}, and its last step says {at[payout]}")

    def end_states(self):
        for payout, orchestrator, _, _, state, _, _ in self.payouts:
            if state not in (PAID, RETURNED) and (state, orchestrator) != (HELD, self.rejecting):
                self.add("I15", f"payout {payout} of orchestrator {orchestrator} is in state {state}")

    def ledger_and_chain(self):
        by_hash = {bytes(end[1]): end for end in self.ends.values()}
        for one in self.done:
            end = by_hash.pop(one.hash, None)
            if end is None:
                self.add("I17", f"the transaction with nonce {one.nonce} is none of the ledger")
            elif (amount(end[2]), bool(end[3])) != (one.fee, one.executed):
                self.add("I17", f"nonce {one.nonce}: the ledger says it cost {amount(end[2])} wei, the chain {one.fee}")
        for end in by_hash.values():
            if any(end[1]):
                self.add("I17", f"slot {end[0]} ended by a transaction that is not on the chain")
        known = {bytes(one[0]) for one in self.books.rows("SELECT id FROM attempt")}
        for one in self.done:
            if one.hash not in known:
                self.add("I17", f"the transaction with nonce {one.nonce} is no attempt of the ledger")

    def addresses(self):
        for payout, orchestrator, to, *_ in self.payouts:
            if to != self.address(orchestrator) or int(to, 16) == 0 or to == self.payer:
                self.add("I19", f"payout {payout} of orchestrator {orchestrator} goes to {to}")

    def outcomes(self):
        """What an ended nonce has paid is what its payouts say, one by one."""
        of = collections.defaultdict(list)
        for _, _, to, wei, state, slot, _ in self.payouts:
            of[slot].append(Payment(to, amount(wei), state == PAID))
        done = {one.hash: one for one in self.done}
        for end in self.ends.values():
            one = done.get(bytes(end[1]))
            if one is None or not one.payments or one.payments == of[end[0]]:
                continue
            same_payees = [payment[:2] for payment in one.payments] == [payment[:2] for payment in of[end[0]]]
            self.add("I3" if same_payees else "I19", f"slot {end[0]}: the chain has {one.payments}, the ledger {of[end[0]]}")
