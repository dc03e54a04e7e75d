// JSON Schema of the configuration. The attributes of a target have the same members.
#pragma once

namespace monitor {

inline constexpr char config_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "HTTP and TCP checks",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "timeout": {"type": "string", "default": "5s", "description": "The timeout of a check, 1ms to 10m."},
    "method": {"type": "string", "default": "GET", "description": "HTTP: the method."},
    "headers": {"type": "object", "maxProperties": 64, "additionalProperties": {"type": "string"}, "description": "HTTP: header fields of the request, by name."},
    "body": {"type": "string", "default": "", "description": "HTTP: the body of the request."},
    "basic": {"type": "object", "additionalProperties": false, "required": ["user", "password"], "description": "HTTP: basic authentication.", "properties": {
      "user": {"type": "string"}, "password": {"type": "string", "description": "Take it from a file or a credential: ${cred:name}."}}},
    "bearer": {"type": "string", "description": "HTTP: a bearer token, from a file or a credential: ${cred:name}."},
    "follow_redirects": {"type": "integer", "minimum": 0, "maximum": 20, "default": 0, "description": "HTTP: the most redirects that are followed. With an authorization, only to the same scheme, host and port."},
    "status": {"type": ["string", "integer"], "default": "200-299", "description": "HTTP: the expected status: statuses and ranges, such as 200-299,301."},
    "contains": {"type": "string", "default": "", "description": "HTTP: the body must hold this text."},
    "json": {"type": "object", "maxProperties": 32, "additionalProperties": {"type": ["string", "number", "boolean", "null"]}, "description": "HTTP: values that the body, a JSON document, must have, by JSON pointers: {\"/status\": \"ok\"}."},
    "expiry_degraded": {"type": "string", "description": "https: DEGRADED if the certificate expires within this time, such as 14d."},
    "expiry_down": {"type": "string", "description": "https: DOWN if the certificate expires within this time."},
    "retries": {"type": "integer", "minimum": 0, "maximum": 10, "default": 0, "description": "How often a failed check is repeated before it counts."},
    "retry_after": {"type": "string", "default": "1s", "description": "The pause before each repetition, 1ms to 10s."},
    "slow_after": {"type": "string", "description": "A slower response is degraded."},
    "pin_sha256": {"type": "string", "description": "https: the SHA-256 of the only accepted certificate, instead of a trusted chain."},
    "tls": {"type": "string", "enum": ["verify", "none"], "default": "verify", "description": "https: none accepts any certificate."},
    "stranger": {"type": "boolean", "default": false, "description": "The target is not from the operator: loopback, link-local and metadata addresses are rejected."}
  }
})";

}  // namespace monitor
