"""The dispatcher of all orchestrators is swapped under load: from the gateway's way to live runners and back."""
import pathlib
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "integration" / "runner"))

from swaps import Swaps  # noqa: E402

MOST_SECONDS_PER_SWAP = 120  # more is a hang


class Swap:
    def __init__(self, options, count):
        self.options = options
        self.count = count

    def execute(self):
        """True where nothing was found."""
        print(f"swap: {self.count} times", flush=True)
        begun = time.monotonic()
        swaps = Swaps(200, self.count, between=3)

        def progress(step, text):
            spent = time.monotonic() - begun
            assert spent < MOST_SECONDS_PER_SWAP * (step + 1), "took too long: something hangs"
            print(f"  {spent:6.0f} s  {step}/{self.count}  {text}", flush=True)

        try:
            swaps.run(progress)
        except AssertionError as error:
            swaps.wrong.append(str(error))
        finally:
            keep = bool(swaps.wrong) or self.options.keep
            swaps.network.host.end(keep)
            swaps.network.devnet.end()
        print(f"swap: {'FAILED' if swaps.wrong else 'ok'}, {len(swaps.wrong)} violations, "
              f"{time.monotonic() - begun:.0f} s", flush=True)
        for what, value in swaps.numbers.items():
            print(f"  {what}: {value}")
        if swaps.wrong:
            print(swaps.report())
        if keep:
            print(f"  state, configuration and host.log are left in {swaps.network.host.folder}")
        return not swaps.wrong
