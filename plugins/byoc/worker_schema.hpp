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
    "secret": {"type": "string", "description": "The orchestrator's -orchSecret. Wanted unless register is false."},
    "tls": {"type": "string", "enum": ["verify", "none"], "default": "verify", "description": "Whether the orchestrator's certificate must be one that this machine trusts. An orchestrator signs its own: then give pin_sha256. none hands the secret to whoever answers."},
    "pin_sha256": {"type": "string", "description": "The SHA-256 of the orchestrator's certificate, in hex: this one and no other. `stipend byoc pin URL` shows it."},
    "capability": {"type": "string", "default": "agent-net", "description": "The capability's name; jobs come to the path of that name."},
    "url": {"type": "string", "default": "http://localhost:9876", "description": "Where the orchestrator reaches this worker."},
    "description": {"type": "string", "default": "Watches services and reports their uptime", "description": "Text for people, kept by the orchestrator."},
    "capacity": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 16, "description": "How many jobs at once; with more in hand the answer is 503."},
    "price_per_unit": {"type": "integer", "minimum": 0, "default": 0, "description": "The price of one second, in wei, times price_scaling."},
    "price_scaling": {"type": "integer", "minimum": 1, "default": 1, "description": "What price_per_unit is divided by."},
    "token": {"type": "string", "description": "A bearer token that the orchestrator is told to send with each job. Without it, whoever reaches the worker may ask."},
    "orchestrator_id": {"type": "string", "description": "The orchestrator's id at the one who pays, as it stands in signed evidence. Default: host:port of orchestrator."},
    "min_uptime": {"type": ["number", "string"], "minimum": 0, "maximum": 100, "default": 80, "description": "Eligible for payment from this percentage on. It decides nothing: the payer's own table does."},
    "window": {"type": "string", "default": "60s", "description": "How far back is looked where nobody says, in whole seconds up to 7d."},
    "probe_every": {"type": "string", "default": "10s", "description": "How often the orchestrator is asked whether it still has the capability, 1s to 1h."},
    "key_seed": {"type": "string", "description": "The secret of the signing key, 64 hex digits. Default: made once, and kept in the host's state."},
    "listener": {"type": "string", "default": "worker", "description": "The host's listener that serves the routes."},
    "register": {"type": "boolean", "default": true, "description": "Whether to register the capability, and keep it registered."}
  }
})";

}  // namespace byoc
