"""One unit of a booted container, as systemctl and journalctl show it."""
import time

PATIENCE = 40


class Unit:
    def __init__(self, box, name):
        self.box, self.name = box, name

    def show(self, key):
        return self.box.output("systemctl", "show", "--value", "-p", key, self.name)

    def journal(self):
        return self.box.output("journalctl", "-u", self.name, "--no-pager", "-o", "cat")

    def active(self):
        return self.show("ActiveState") == "active"

    def wait_for(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"not within {PATIENCE} s: {what}\n" + self.journal()[-4000:])
            time.sleep(0.1)
