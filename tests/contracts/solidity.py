#!/usr/bin/env python3
"""Compiles Solidity by the solc that `./dev test` installs, with the settings of ethereum/contract.

    contracts = solidity.compiled("tests/contracts/Tokens.sol")
    contracts["Token"].creation     # bytes

As a program it writes the code of ethereum/contract/BatchPayer.sol into the files beside it, from which the sources are
built; tests/integration/contract compares them with what solc makes.
"""
import dataclasses
import functools
import json
import os
import pathlib
import subprocess
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("STIPEND_BUILD", PROJECT / "build" / "dev"))
SOLC = BUILD.parent / "solc" / "node_modules" / ".bin" / "solcjs"
FOLDER = PROJECT / "ethereum" / "contract"
PATIENCE = 120


@dataclasses.dataclass(frozen=True)
class Contract:
    creation: bytes
    runtime: bytes
    selectors: dict  # of functions, by name: four bytes each


@functools.cache
def compiled(*names):
    """The contracts of these files of the project, by their names."""
    question = {
        "language": "Solidity",
        "sources": {name: {"content": (PROJECT / name).read_text(encoding="utf-8")} for name in names},
        "settings": json.loads((FOLDER / "settings.json").read_text()) | {"outputSelection": {"*": {"*": [
            "evm.bytecode.object", "evm.deployedBytecode.object", "evm.methodIdentifiers"]}}},
    }
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:  # through a pipe, solcjs loses what is beyond 64 KiB
        subprocess.run([SOLC, "--standard-json"], input=json.dumps(question), stdout=out, text=True, timeout=PATIENCE, check=True)
        out.seek(0)
        text = out.read()
    answer = json.loads(text[text.index("{"):])
    errors = [error["formattedMessage"] for error in answer.get("errors", []) if error["severity"] == "error"]
    assert not errors, "\n".join(errors)
    return {name: Contract(bytes.fromhex(found["evm"]["bytecode"]["object"]),
                           bytes.fromhex(found["evm"]["deployedBytecode"]["object"]),
                           {text.split("(")[0]: bytes.fromhex(digits)
                            for text, digits in found["evm"]["methodIdentifiers"].items()})
            for contracts in answer["contracts"].values() for name, found in contracts.items()}


def committed(kind):
    """The code in the sources: "creation" or "runtime"."""
    return bytes.fromhex((FOLDER / f"BatchPayer.{kind}.hex").read_text())


def main():
    contract = compiled("ethereum/contract/BatchPayer.sol")["BatchPayer"]
    for kind, code in (("creation", contract.creation), ("runtime", contract.runtime)):
        path = FOLDER / f"BatchPayer.{kind}.hex"
        path.write_text(code.hex() + "\n")
        print(f"{path.relative_to(PROJECT)}: {len(code)} bytes")


if __name__ == "__main__":
    main()
