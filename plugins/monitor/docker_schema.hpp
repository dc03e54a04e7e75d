// JSON Schema of the configuration of the Docker monitor.
#pragma once

namespace monitor::docker {

inline constexpr char config_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Docker containers",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "engine": {"type": "string", "default": "unix:///var/run/docker.sock", "description": "Where the engine listens: unix:///path or tcp://host:port. DOCKER_HOST where this is left out."},
    "tls_verify": {"type": "boolean", "description": "tcp://: TLS, and the engine's certificate is verified by ca.pem; false: any certificate is accepted where cert_path is given. DOCKER_TLS_VERIFY, with any value, where this is left out."},
    "cert_path": {"type": "string", "description": "tcp://: TLS with ca.pem, cert.pem and key.pem of this folder. DOCKER_CERT_PATH where this is left out, or ~/.docker."},
    "every": {"type": "string", "default": "10s", "description": "How often all containers are looked at, 1s to 10m; events are seen at once."},
    "timeout": {"type": "string", "default": "5s", "description": "The longest that the engine may take for one answer, 100ms to 60s."},
    "discover": {
      "type": "object",
      "additionalProperties": false,
      "description": "Which containers are proposed that no target names.",
      "properties": {
        "label": {"type": "string", "default": "stipend.monitor=true", "description": "A container with this label (key=value)."},
        "kinds": {
          "type": "object",
          "maxProperties": 32,
          "description": "Kinds of services by their containers' names: a list of patterns with * for each; upper and lower case are the same. NeuroSync, AutoGen and SCB where this is left out.",
          "additionalProperties": {"type": "array", "maxItems": 64, "items": {"type": "string"}}
        }
      }
    }
  }
})";

}  // namespace monitor::docker
