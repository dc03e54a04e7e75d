"""TLS of the metrics' listener of a manager, and of the listeners of a worker."""
import pathlib
import socket
import ssl
import sys
import unittest
import urllib.error
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "worker"))
from network import wait_for
from test_api import Tls
from worker import Worker


class ListenerTls(Tls):
    def fetch(self, url, client=None):
        context = ssl.create_default_context(cafile=self.pem / "ca.pem")
        if client:
            context.load_cert_chain(self.pem / f"{client}.pem", self.pem / f"{client}.key")
        with urllib.request.urlopen(url, timeout=20, context=context) as answer:
            return answer.read().decode()

    def serial_at(self, address):
        host, port = address.rsplit(":", 1)
        context = ssl.create_default_context(cafile=self.pem / "ca.pem")
        with socket.create_connection((host, int(port)), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname=host) as wrapped:
                return int(wrapped.getpeercert()["serialNumber"], 16)

    def files(self, prefix):
        return {f"{prefix}_TLS_CERTIFICATE": str(self.pem / "server.pem"), f"{prefix}_TLS_KEY": str(self.pem / "server.key")}

    def test_metrics_are_served_by_tls_and_a_replaced_certificate_is_taken(self):
        self.host.environment.update(self.files("METRICS"))
        self.start()
        url = self.host.wait_line("metrics at https://").split(" at ")[1].strip()
        address = url.split("//")[1].split("/")[0]
        self.assertIn("stipend_decisions_total", self.fetch(url))
        with self.assertRaises((urllib.error.URLError, ConnectionError)):
            urllib.request.urlopen(url.replace("https", "http"), timeout=20)
        self.certificate("server", "ca", "2")
        wait_for(lambda: self.serial_at(address) == 2, "the second certificate")
        (self.pem / "server.pem").write_text("no certificate\n")
        wait_for(lambda: self.serial_at(address) == 2 and self.host.said("listen.metrics: the certificate before stays in force"),
                 "the refusal")

    def test_clients_of_the_metrics_need_a_certificate_where_an_authority_is_named(self):
        self.certificate("friend", "ca", "7")
        self.host.environment.update(self.files("METRICS"), METRICS_TLS_CLIENT_CA=str(self.pem / "ca.pem"))
        self.start()
        url = self.host.wait_line("metrics at https://").split(" at ")[1].strip()
        self.assertIn("stipend_decisions_total", self.fetch(url, "friend"))
        with self.assertRaises((OSError, ssl.SSLError)):
            self.fetch(url)

    def test_jobs_of_a_worker_are_answered_by_tls(self):
        worker = Worker("http://127.0.0.1:1", services=[])
        self.addCleanup(worker.end)
        worker.environment.update(self.files("WORKER"), **self.files("METRICS"))
        address = worker.url.split("//")[1]
        worker._healthy = lambda: self.answers(address)
        worker.start()
        self.assertEqual(self.serial_at(address), 1)
        with self.assertRaises((OSError, urllib.error.URLError)):
            urllib.request.urlopen(f"http://{address}/health", timeout=20)
        self.certificate("server", "ca", "2")
        wait_for(lambda: self.serial_at(address) == 2, "the second certificate")

    def answers(self, address):
        try:
            return "status" in self.fetch(f"https://{address}/health")
        except urllib.error.HTTPError as error:
            return "status" in error.read().decode()
        except OSError:
            return False

    def test_check_reads_the_files(self):
        good = self.files("METRICS")
        for change, what in (({"METRICS_TLS_KEY": ""}, "listen.metrics_tls_key: got nothing"),
                             ({"METRICS_TLS_CERTIFICATE": ""}, "listen.metrics_tls_certificate: got nothing"),
                             ({"METRICS_TLS_CERTIFICATE": str(self.pem / "none.pem")}, "none.pem")):
            code, out, err = self.host.run("check", environment={**self.host.environment, **good, **change})
            self.assertEqual(code, 1)
            self.assertIn(what, out + err)


# Those of the API's listener are of test_api.py.
for name in [name for name in dir(Tls) if name.startswith("test_")]:
    setattr(ListenerTls, name, None)
del Tls

if __name__ == "__main__":
    unittest.main()
