// JSON Schema of the configuration; the host validates against it before the plugin parses.
#pragma once

namespace runner {

inline constexpr char config_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Calls to live runners of Livepeer orchestrators",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "app": {"type": "string", "default": "agent-net", "description": "The app of the runner that is called where the orchestrator's entry names no capability."},
    "path": {"type": "string", "default": "", "description": "The path at the worker; empty: the app's name."},
    "timeout": {"type": "string", "default": "30s", "description": "The time that a call gets, in whole seconds up to 1h. Where the price is by the second, nine seconds at most."},
    "signer": {"type": "string", "description": "The URL of the remote signer that makes payments, such as http://127.0.0.1:7936. Without one nothing is paid."},
    "max_price": {"type": ["integer", "string"], "default": 0, "description": "The most that an orchestrator may ask for one call, in wei. An orchestrator that asks more fails its check."},
    "max_price_per_second": {"type": ["integer", "string"], "default": 0, "description": "The most that an orchestrator whose price is by the hour may ask for one second, in wei. A check pays the first ten seconds, and ends within them."},
    "ticket_value": {"type": ["integer", "string"], "default": 0, "description": "What one ticket is worth on average, in wei (-ticketEV of the orchestrators). A call's fee counts as a whole number of tickets; 0: as the price itself."},
    "discovery_age": {"type": "string", "default": "60s", "description": "The age up to which an observed offer is valid, at most 60s."},
    "evidence": {"type": "string", "format": "worker-evidence", "enum": ["any", "signed"], "default": "any", "description": "Whether an answer without evidence signed by the worker's key (worker_key in the orchestrator's entry) counts: any, for workers that do not sign yet, or signed. Evidence that is there is checked in either case, where the key is known."},
    "retry_after": {"type": "string", "default": "5s", "description": "The pause before the one second try, up to 10m."},
    "max_body": {"type": "integer", "minimum": 1024, "maximum": 67108864, "default": 1048576, "description": "The longest answer that is read, in bytes."},
    "witness": {"type": "array", "format": "own-witness", "maxItems": 16, "items": {"type": "string"}, "description": "URLs, or tcp://host:port, of other parties that answer as long as this host's network works. Where an orchestrator cannot be reached and none of them answers, nor another orchestrator, the check says nothing of it. Left out: those of the manager's own witness; an empty list: none."},
    "orchestrator_pins": {"type": "object", "additionalProperties": {"type": "string"}, "description": "By address: the SHA-256 of that orchestrator's certificate, or the absolute path of the certificate (its dataDir/cert.pem, read again for each request, which survives its restarts). Without an entry any certificate is accepted, since orchestrators sign their own."}
  }
})";

}  // namespace runner
