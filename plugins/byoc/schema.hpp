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
    "price_check": {"type": "string", "default": "60s", "description": "How long a price that was seen is good for, up to 1d; off: prices are not looked at, and the gateway pays what is asked."},
    "price_unseen": {"type": "string", "enum": ["allow", "fail"], "default": "allow", "description": "What to do where the price cannot be seen because this host does not reach the orchestrator, as behind NAT: send the job all the same, or count a failed check."},
    "evidence": {"type": "string", "enum": ["any", "signed"], "default": "any", "description": "Whether an answer without evidence signed by the worker's key (worker_key in the orchestrator's entry) counts: any, for workers that do not sign yet, or signed. Evidence that is there is checked in either case, where the key is known."},
    "retry_after": {"type": "string", "default": "5s", "description": "The pause before the one second try, up to 10m."},
    "max_body": {"type": "integer", "minimum": 1024, "maximum": 67108864, "default": 1048576, "description": "The longest answer that is read, in bytes."},
    "orchestrator_pins": {"type": "object", "additionalProperties": {"type": "string"}, "description": "By address: the SHA-256 of that orchestrator's certificate, demanded when its price is looked at. Without one any certificate is taken, as the gateway does."}
  }
})";

}  // namespace byoc
