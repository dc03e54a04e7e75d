"""One unit of a booted container, as systemctl and journalctl show it, and what tests of one have in common."""
import time
import unittest

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


class ServiceCase(unittest.TestCase):
    """One boot serves all tests of a service; each leaves it running with the configuration it found."""
    unit = None  # set before they run
    file = None  # its configuration below /etc/stipend

    def setUp(self):
        self.config = self.unit.box.folder / "root/etc/stipend" / self.file
        good = self.config.read_text()
        started = self.unit.box.run("systemctl", "start", self.unit.name)
        self.assertEqual(started.returncode, 0, started.stderr + self.unit.journal())
        self.addCleanup(self.config.write_text, good)

    def edit(self, old, new):
        text = self.config.read_text()
        self.assertIn(old, text)
        self.config.write_text(text.replace(old, new))
