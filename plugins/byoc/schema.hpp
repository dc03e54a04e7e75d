// JSON Schema of the configuration; the host validates against it before the plugin parses.
#pragma once

namespace byoc {

inline constexpr char config_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Jobs through a Livepeer gateway",
  "type": "object",
  "additionalProperties": false,
  "required": ["gateway"],
  "properties": {
    "gateway": {"type": "string", "description": "The gateway's URL, such as http://127.0.0.1:9935."},
    "capability": {"type": "string", "default": "agent-net", "description": "The capability that a job asks for where the orchestrator's entry names none."},
    "path": {"type": "string", "default": "", "description": "The path at the worker; empty: the capability's name."},
    "timeout": {"type": "string", "default": "20s", "description": "The time that a worker gets, in whole seconds up to 1h. For paid jobs the default is 120s, and less than 60s is refused."},
    "max_price_per_second": {"type": ["integer", "string"], "default": 0, "description": "The most that an orchestrator may ask for one second of work, in wei. An orchestrator that asks more fails its check."},
    "price_check": {"type": "string", "default": "60s", "description": "The age up to which an observed price is valid, at most 60s. off, with price_unseen: allow only: no price is asked for, and the gateway pays any."},
    "price_unseen": {"type": "string", "enum": ["refuse", "allow"], "default": "refuse", "description": "Whether a job is sent to an orchestrator whose price cannot be seen: refuse counts a failed check; allow sends it, and nothing caps the price. For orchestrators that the gateway reaches and this host does not."},
    "gateway_credential": {"type": "string", "description": "The gateway's address and its signature, by which orchestrators state the price that they ask of it: the text that `stipend gateway-credential` writes, best as ${file:/path} or ${cred:name}. Without it, gateway_cli or remote_signer, a key without funds asks, and an orchestrator that charges states no price."},
    "gateway_cli": {"type": "string", "description": "The gateway's CLI port, http:// and a loopback address, or unix:/path. Its deposit and reserve are read there, and its credential where gateway_credential is missing."},
    "remote_signer": {"type": "string", "description": "The URL of the gateway's remote signer, for its credential where neither of the two above is set."},
    "quarantine": {"type": "string", "default": "24h", "description": "How long no job is sent to an orchestrator that charged more than max_price_per_second, up to 365d. A new cap that allows the charge ends it."},
    "evidence": {"type": "string", "format": "worker-evidence", "enum": ["any", "signed"], "default": "any", "description": "Whether an answer without evidence signed by the worker's key (worker_key in the orchestrator's entry) counts: any, for workers that do not sign yet, or signed. Evidence that is there is checked in either case, where the key is known."},
    "retry_after": {"type": "string", "default": "5s", "description": "The pause before the one second try, up to 10m."},
    "max_body": {"type": "integer", "minimum": 1024, "maximum": 67108864, "default": 1048576, "description": "The longest answer that is read, in bytes."},
    "orchestrator_pins": {"type": "object", "additionalProperties": {"type": "string"}, "description": "By address: the SHA-256 of that orchestrator's certificate, or the absolute path of the certificate (its dataDir/cert.pem, read again for each request, which survives its restarts). Required where its price is asked for; without an entry any certificate is accepted, as by the gateway."}
  }
})";

}  // namespace byoc
