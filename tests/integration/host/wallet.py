"""A wallet of the tests: a secp256k1 key, its address, and its personal_sign (EIP-191). Slow, and for tests alone."""
import hashlib

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)
ROUNDS = 24
OFFSETS = [[0, 36, 3, 41, 18], [1, 44, 10, 45, 2], [62, 6, 43, 15, 61], [28, 55, 25, 21, 56], [27, 20, 39, 8, 14]]


def rotated(value, by):
    return (value << by | value >> 64 - by) & (1 << 64) - 1


def permuted(lanes):
    register = 1
    for _ in range(ROUNDS):
        parity = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        lanes = [[lane ^ parity[x - 1] ^ rotated(parity[(x + 1) % 5], 1) for lane in lanes[x]] for x in range(5)]
        moved = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                moved[y][(2 * x + 3 * y) % 5] = rotated(lanes[x][y], OFFSETS[x][y])
        lanes = [[moved[x][y] ^ ~moved[(x + 1) % 5][y] & moved[(x + 2) % 5][y] for y in range(5)] for x in range(5)]
        for bit in range(7):
            register = (register << 1 ^ (register >> 7) * 0x71) % 256
            if register & 2:
                lanes[0][0] ^= 1 << (1 << bit) - 1
    return lanes


def keccak256(data):
    rate = 136
    data += b"\x01" + bytes(rate - len(data) % rate - 1)
    data = data[:-1] + bytes([data[-1] | 0x80])
    lanes = [[0] * 5 for _ in range(5)]
    for at in range(0, len(data), rate):
        for i in range(rate // 8):
            lanes[i % 5][i // 5] ^= int.from_bytes(data[at + 8 * i:at + 8 * i + 8], "little")
        lanes = permuted(lanes)
    return b"".join(lanes[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


def add(a, b):
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = (3 * a[0] * a[0] * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(factor, point):
    out = None
    for bit in bin(factor)[2:]:
        out = add(out, out)
        if bit == "1":
            out = add(out, point)
    return out


class Wallet:
    def __init__(self, name):
        self.key = int.from_bytes(hashlib.sha256(name.encode()).digest(), "big") % N
        x, y = times(self.key, G)
        self.address = "0x" + keccak256(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[-20:].hex()

    def sign(self, text):
        text = text.encode()
        digest = keccak256(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)
        k = int.from_bytes(hashlib.sha256(self.key.to_bytes(32, "big") + digest).digest(), "big") % N
        x, y = times(k, G)
        r = x % N
        s = pow(k, -1, N) * (int.from_bytes(digest, "big") + r * self.key) % N
        odd = y & 1
        if s > N // 2:
            s, odd = N - s, odd ^ 1
        return "0x" + (r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + odd])).hex()


assert keccak256(b"").hex().startswith("c5d2460186f7233c927e7db2dcc703c0")


def recovered(text, signature):
    """The address whose key signed a text by personal_sign, in lower case."""
    raw = bytes.fromhex(signature.removeprefix("0x"))
    r, s, odd = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big"), raw[64] - 27
    text = text.encode()
    digest = keccak256(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)
    y = pow(pow(r, 3, P) + 7, (P + 1) // 4, P)
    if y & 1 != odd:
        y = P - y
    inverse = pow(r, -1, N)
    x, y = add(times(s * inverse % N, (r, y)), times(-int.from_bytes(digest, "big") * inverse % N, G))
    return "0x" + keccak256(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[-20:].hex()
