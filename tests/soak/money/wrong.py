"""The soak, checked: each order of steps by which a system in use has paid twice or not at all is put in, and found."""
import concurrent.futures

from scene import Scene

AT_ONCE = 4
# By its name in the payer: what it is, and the least that has to be found.
ORDERS = {
    "send-before-record": ("what is bound and signed is recorded when it was sent", {"I5"}),
    "credit-back": ("an error of sending gives back what was to be paid, and the chain is not asked", {"I6"}),
    "newest-only": ("only the newest attempt of a nonce is looked for", {"I15"}),
    "second-nonce": ("a replacement takes another nonce", {"I4", "I6"}),
    "nonce-ahead": ("the first nonce is above the chain's", {"I9"}),
    "batch-without-id": ("a batch that is sent again has another id, so that its contract pays it again", {"I4", "I6"}),
    "whole-batch": ("a batch with one payee that rejects counts as failed, and all of it is owed again", {"I6", "I17"}),
}


def provoke(scene, name):
    """Lives in which that order does harm."""
    if name == "send-before-record":
        for n in (1, 2):
            let_live(scene, 4, crash="sent", crash_n=n)
    elif name == "credit-back":
        scene.proxy.fates.share = 0.01  # and the network takes what is sent, and does not say so
        for _ in range(3):
            let_live(scene, 3)
    elif name in ("newest-only", "second-nonce", "batch-without-id"):
        # Nothing is mined until the payer has sent a replacement.
        scene.miner.held = True
        let_live(scene, 6)
        scene.miner.held = False
        let_live(scene, 3)
    else:
        let_live(scene, 3)


def let_live(scene, seconds, **options):
    payer = scene.spawn(**options)
    if payer.wait_for("running"):
        payer.order("decide")
    if payer.ended(seconds):
        payer.close()
    else:
        payer.kill()


def found_by(build, seed, name):
    scene = Scene(build, seed, name)
    try:
        provoke(scene, name)
        try:
            unsettled = scene.settle(8)
        except AssertionError as error:
            unsettled = str(error)
        found = scene.audit()
        if unsettled:
            found["I15"].insert(0, unsettled)
        return found
    finally:
        scene.close(keep=False)


def run(build, seed):
    """Several at a time, since they wait most of their time."""
    good = True
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for (name, (what, want)), found in zip(ORDERS.items(), pool.map(lambda name: found_by(build, seed, name), ORDERS)):
            missed = want - set(found)
            good = good and not missed
            print(f"{name}: {what}: {'NOT FOUND by ' + ', '.join(sorted(missed)) if missed else 'found'}", flush=True)
            for invariant, texts in sorted(found.items()):
                print(f"    {invariant}: {texts[0][:150]}", flush=True)
    return good
