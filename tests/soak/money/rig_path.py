"""Makes the rig of the signer's tests importable."""
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "integration" / "signer"))
