// JSON Schema of a worker's configuration; the host validates against it before the plugin parses.
#pragma once

namespace runner {

inline constexpr char worker_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "A live runner beside a Livepeer orchestrator",
  "type": "object",
  "additionalProperties": false,
  "required": ["orchestrator"],
  "properties": {
    "orchestrator": {"type": "string", "description": "The orchestrator's URL, such as https://127.0.0.1:8935: heartbeats go there."},
    "register": {"type": "boolean", "default": true, "description": "true: a dynamic runner, which registers itself by heartbeats. false: a static one, which the orchestrator's operator lists (-liveRunnerConfig) and the orchestrator polls at GET /health."},
    "secret": {"type": "string", "description": "The orchestrator's -orchSecret. Required unless register is false."},
    "tls": {"type": "string", "enum": ["verify", "none"], "default": "verify", "description": "verify: the orchestrator's certificate must be trusted, by this machine or by one of the three options below. none: any certificate is accepted, which is safe for an orchestrator on loopback only."},
    "orchestrator_cert": {"type": "string", "description": "The path of the orchestrator's own certificate, its dataDir/cert.pem; no other is accepted. It is read again for each request: an orchestrator makes a new one at each start."},
    "orchestrator_ca": {"type": "string", "description": "The path of the roots (PEM) that sign the orchestrator's certificate, as behind a reverse proxy."},
    "pin_sha256": {"type": "string", "description": "The SHA-256 of the orchestrator's certificate, in hex; no other is accepted, so a restart of the orchestrator ends the registration until the pin is replaced."},
    "app": {"type": "string", "default": "agent-net", "description": "The app of the runner, by which payers find it; by convention pipeline/model."},
    "path": {"type": "string", "default": "", "description": "The path of its jobs; empty: the app's name, as payers use it by default."},
    "url": {"type": "string", "default": "http://localhost:9876", "description": "The URL of this worker for the orchestrator. Default: with `prefix` at its end."},
    "prefix": {"type": "string", "default": "", "description": "Goes before the path of each route, such as /live, where several plugins answer on one listener; `url` ends with it."},
    "label": {"type": "string", "default": "", "description": "A name for people, kept by the orchestrator."},
    "version": {"type": "string", "default": "", "description": "Shown by discovery."},
    "metadata": {"type": "string", "default": "", "description": "Shown by discovery, to anyone: at most 1024 bytes."},
    "mode": {"type": "string", "enum": ["single-shot", "persistent"], "default": "single-shot", "description": "single-shot: each job is a call. persistent: jobs come in sessions that a payer reserves."},
    "capacity": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 16, "description": "The number of concurrent jobs, and of slots that the orchestrator hands out: it enforces them."},
    "price": {"type": ["number", "string"], "default": 0, "description": "The price of a unit in USD, with up to nine decimals. An orchestrator on chain wants one above 0; one off chain ignores it."},
    "price_unit": {"type": "string", "enum": ["fixed", "hour", "720p"], "default": "fixed", "description": "What the price is for: a call, an hour, or video."},
    "orchestrator_id": {"type": "string", "description": "The payer's id of the orchestrator, for signed evidence. Empty: host:port of orchestrator."},
    "min_uptime": {"type": ["number", "string"], "minimum": 0, "maximum": 100, "default": 80, "description": "Eligible for payment from this percentage on. For information only: the payer's tier table decides."},
    "window": {"type": "string", "default": "60s", "description": "The window of a request without window_seconds, in whole seconds up to 7d."},
    "key_seed": {"type": "string", "description": "The secret of the signing key, 64 hex digits. Default: generated once and stored in the host's state."},
    "listener": {"type": "string", "default": "worker", "description": "The host's listener that serves the routes."}
  }
})";

}  // namespace runner
