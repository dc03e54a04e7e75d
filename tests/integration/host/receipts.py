"""Checks receipts and statements as docs/receipts.md says, and by nothing of stipend's own: for tests, and as an example."""
import fractions
import hashlib
import json

from wallet import recovered


def canonical(value):
    """JSON as it is signed: members in their order, no blanks, nothing escaped that need not be."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def root(leaves):
    """Of the Merkle tree of RFC 9162 over texts, in hex."""
    def of(hashes):
        if len(hashes) == 1:
            return hashes[0]
        half = 1
        while 2 * half < len(hashes):
            half *= 2
        return hashlib.sha256(b"\x01" + of(hashes[:half]) + of(hashes[half:])).digest()

    return of([hashlib.sha256(b"\x00" + leaf.encode()).digest() for leaf in leaves]).hex()


def receipt_problems(document, signer):
    """What does not fit of a receipt that `signer` is said to have signed; a list of texts."""
    body, items, problems = document["receipt"], document["items"], []
    if recovered(canonical(body), document["signature"]) != signer.lower() or body["signer"] != signer:
        problems.append("the signature")
    if root([canonical(item) for item in items]) != body["items_root"] or len(items) != body["items"]:
        problems.append("the root")
    if sum(int(item["wei"]) for item in items if item["kind"] != "formula") != int(body["wei"]):
        problems.append("the sum")
    formulas = {item["generation"]: item for item in items if item["kind"] == "formula"}
    for item in items:
        if item["kind"] == "decision" and formulas[item["formula"]]["amounts"] == "host" and item["usd"] != "0":
            wei = fractions.Fraction(item["usd"]) * 10**18 / fractions.Fraction(item["usd_per_eth"])
            if int(wei) != int(item["wei"]):
                problems.append(f"epoch {item['epoch']}")
    return problems


def statement_problems(document, signer):
    """The same of a statement in JSON."""
    body, problems = document["statement"], []
    text = "stipend: statement\nSHA-256: " + hashlib.sha256(canonical(body).encode()).hexdigest()
    if recovered(text, document["signature"]) != signer.lower() or body["signer"] != signer:
        problems.append("the signature")
    earned = sum(int(row["wei"]) for name in ("days", "adjustments", "payments") for row in body[name])
    paid = sum(int(row["wei"]) for row in body["payouts"])
    if int(body["opening_wei"]) + earned - paid != int(body["closing_wei"]):
        problems.append("the balance")
    return problems
