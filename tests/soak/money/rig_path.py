"""Makes the signer's rig and the host's network of the tests importable."""
import pathlib
import sys

sys.path += [str(pathlib.Path(__file__).resolve().parents[2] / "integration" / name) for name in ("signer", "host", "../contracts")]
