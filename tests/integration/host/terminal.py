"""A terminal, by tmux: what is on its screen."""
import subprocess
import time

from network import PATIENCE


class Tmux:
    """A terminal of a given size, by a tmux server of its own."""

    def __init__(self, folder, width, height, command, environment):
        self.socket = str(folder / "tmux")
        self.run("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), "sh",
                 environment=environment)
        self.run("set-option", "-g", "window-size", "manual")
        self.send("-l", command)
        self.send("Enter")

    def run(self, *arguments, environment=None):
        done = subprocess.run(["tmux", "-S", self.socket, *arguments], capture_output=True, text=True, timeout=PATIENCE,
                              env=environment)
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout

    def send(self, *keys):
        self.run("send-keys", *keys)

    def lines(self):
        return self.run("capture-pane", "-p").splitlines()

    def wait(self, condition, what):
        """Polls the screen, which has no event, until `condition(lines)` gives something true; returns that."""
        end = time.monotonic() + PATIENCE
        while True:
            lines = self.lines()
            found = condition(lines)
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"not within {PATIENCE} s: {what}:\n" + "\n".join(lines))
            time.sleep(0.05)

    def resize(self, width, height):
        self.run("resize-window", "-x", str(width), "-y", str(height))

    def end(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, timeout=PATIENCE)
