"""The moments at which the payer is killed, by name."""
import typing


class Point(typing.NamedTuple):
    name: str
    what: str
    often: bool = False  # comes many times in a life
    holds: bool = False  # needs attempts that wait: no block is mined meanwhile
    by_proxy: bool = False  # the payer does not know the moment, the network does


POINTS = (
    Point("decide-before", "before the transaction of decisions"),
    Point("decide-inside", "inside it"),
    Point("decide-after", "after its commit"),
    Point("reserve-before", "before what is owed is reserved"),
    Point("reserve-inside", "inside that transaction"),
    Point("reserve-after", "after it"),
    Point("estimated", "a payment's gas is known, and nothing is bound", often=True),
    Point("bind-before", "the nonce was read, and nothing is written", often=True),
    Point("bind-inside", "inside the transaction that binds", often=True),
    Point("bind-after", "after it, and nothing is signed", often=True),
    Point("signed", "signed, and not recorded", often=True),
    Point("attempt-inside", "inside the transaction that records the signed bytes", often=True),
    Point("attempt-after", "after it, and nothing is sent", often=True),
    Point("send-lost", "the request to send is under way, and lost", by_proxy=True),
    Point("send-taken", "the node has taken it, and its answer is lost", by_proxy=True),
    Point("sent", "the answer to it came", often=True),
    Point("bump-signed", "signed with higher fees, and not recorded", holds=True),
    Point("bump-inside", "inside the transaction that records it", holds=True),
    Point("bump-after", "after it, and not sent", holds=True),
    Point("bump-overtaken", "the first attempt is mined while the second is sent", holds=True, by_proxy=True),
    Point("sighted", "what the chain knows was answered", often=True),
    Point("mined-before", "the receipt was seen, and nothing is written", often=True),
    Point("mined-inside", "inside the transaction that records it", often=True),
    Point("end-before", "the final receipt was seen, and nothing is written", often=True),
    Point("end-inside", "inside the transaction that confirms", often=True),
    Point("end-after", "after it", often=True),
    Point("loaded", "the ledger was read at the start"),
    Point("account", "the payer's account was asked for the first time"),
    Point("recalled", "the signer has said what it remembers of a nonce", holds=True),
)
