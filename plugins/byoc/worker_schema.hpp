// JSON Schema of a worker's configuration; the host validates against it before the plugin parses.
#pragma once

namespace byoc {

inline constexpr char worker_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "A worker beside a Livepeer orchestrator",
  "type": "object",
  "additionalProperties": false,
  "required": ["orchestrator"],
  "properties": {
    "orchestrator": {"type": "string", "description": "The orchestrator's URL, such as https://127.0.0.1:9995: the capability is registered there."},
    "secret": {"type": "string", "description": "The orchestrator's -orchSecret. Required unless register is false."},
    "tls": {"type": "string", "enum": ["verify", "none"], "default": "verify", "description": "verify: the orchestrator's certificate must be trusted, by this machine or by one of the three options below. none: any certificate is accepted, which is safe for an orchestrator on loopback only."},
    "orchestrator_cert": {"type": "string", "description": "The path of the orchestrator's own certificate, its dataDir/cert.pem; no other is accepted. It is read again for each request: an orchestrator makes a new one at each start, and a changed one has the capability registered again at once."},
    "orchestrator_ca": {"type": "string", "description": "The path of the roots (PEM) that sign the orchestrator's certificate, as behind a reverse proxy."},
    "pin_sha256": {"type": "string", "description": "The SHA-256 of the orchestrator's certificate, in hex; no other is accepted, so a restart of the orchestrator ends the registration until the pin is replaced. `stipend byoc pin URL` shows it."},
    "capability": {"type": "string", "default": "agent-net", "description": "The name of the capability, and the path of its jobs."},
    "url": {"type": "string", "default": "http://localhost:9876", "description": "The URL of this worker for the orchestrator."},
    "prefix": {"type": "string", "default": "", "description": "Goes before the path of each route, such as /byoc, where several plugins answer on one listener; `url` ends with it."},
    "description": {"type": "string", "default": "Watches services and reports their uptime", "description": "Text for people, stored by the orchestrator."},
    "capacity": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 16, "description": "The number of concurrent jobs; others are answered with 503."},
    "capacity_announced": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 10000, "description": "The number of slots that is registered. An orchestrator only counts them and never enforces them, and any client can hold one with an idle connection: few of them are soon held, and the capability is off the list."},
    "price_per_unit": {"type": "integer", "minimum": 0, "default": 0, "description": "The price of one second, in wei, times price_scaling."},
    "price_scaling": {"type": "integer", "minimum": 1, "default": 1, "description": "The divisor of price_per_unit."},
    "token": {"type": "string", "description": "A bearer token that the orchestrator has to send with each job. Without it, the worker answers any client."},
    "orchestrator_id": {"type": "string", "description": "The payer's id of the orchestrator, for signed evidence. Empty: host:port of orchestrator."},
    "min_uptime": {"type": ["number", "string"], "minimum": 0, "maximum": 100, "default": 80, "description": "Eligible for payment from this percentage on. For information only: the payer's tier table decides."},
    "window": {"type": "string", "default": "60s", "description": "The window of a request without window_seconds, in whole seconds up to 7d."},
    "probe_every": {"type": "string", "default": "10s", "description": "How often to check that the orchestrator still has the capability, 1s to 1h."},
    "key_seed": {"type": "string", "description": "The secret of the signing key, 64 hex digits. Default: generated once and stored in the host's state."},
    "listener": {"type": "string", "default": "worker", "description": "The host's listener that serves the routes."},
    "register": {"type": "boolean", "default": true, "description": "Whether to register the capability, and keep it registered."}
  }
})";

}  // namespace byoc
