// The part of the host's schema that is about a worker alone.
#pragma once

#include <string_view>

namespace stipend::config {

inline constexpr std::string_view of_worker =
    R"("type": "object", "additionalProperties": false, "x-noun": "the settings of a worker",
"properties": {
  "role": {"$ref": "#/$defs/role"},
  "state": {"$ref": "#/$defs/folder",
    "description": "The folder of all that survives a restart: what was seen, the worker's key, staged plugins."},
  "log": {"$ref": "#/$defs/log"},
  "plugins": {"$ref": "#/$defs/plugins"},
  "watch": {"$ref": "#/$defs/watch"},
  "monitors": {"type": "array", "items": {"$ref": "#/$defs/monitor"},
    "description": "Plugins by which services are watched."},
  "services": {"type": "object", "additionalProperties": false,
    "x-noun": "the services", "description": "What is watched.", "properties": {
    "watch": {"type": "array", "description": "What is watched; its mean is the worker's uptime.", "items": {
      "type": "object", "additionalProperties": false,
      "x-noun": "a service", "properties": {
      "name": {"format": "text", "minLength": 1, "maxLength": 255, "description":
        "Its unique name; with `*`, every service whose name matches, and once found stays on the list. By default that of `compose` or `label`; required without them."},
      "monitor": {"$ref": "#/$defs/id", "default": "docker",
        "description": "The name of the monitor that looks at it."},
      "target": {"format": "text", "maxLength": 2048,
        "description": "What the monitor looks at. Empty: `docker:` and the name."},
      "compose": {"format": "text", "minLength": 1, "maxLength": 511, "description":
        "Instead of a target: `PROJECT/SERVICE`, the containers of a service of Docker Compose. It is up while one of them is, whatever their number and their names."},
      "label": {"format": "text", "minLength": 1, "maxLength": 511, "description":
        "Instead of a target: `KEY=VALUE` or `KEY`, the containers with this label, as one service."},
      "every": {"format": "seconds", "formatMinimum": "1s", "formatMaximum": "1h",
        "default": "${CHECK_INTERVAL:-10}s", "description": "How often it is looked at."},
      "options": {"$ref": "#/$defs/target options"},
      "down_after": {"$ref": "#/$defs/down after"}}}},
    "names": {"format": "text", "maxLength": 65536, "default": "${MONITORED_SERVICES:-}", "description":
      "What is watched where `watch` is missing or empty, separated by commas: names of containers, patterns, `PROJECT/SERVICE` or `KEY=VALUE`. By the monitor `docker`."},
    "every": {"format": "seconds", "formatMinimum": "1s", "formatMaximum": "1h",
      "default": "${CHECK_INTERVAL:-10}s", "description": "How often those of `names` are looked at."},
    "ignore": {"type": "array", "items": {"format": "text", "minLength": 1, "maxLength": 255}, "description":
      "Names that patterns and discoveries pass over, such as a container that was removed for good."},
    "discover": {"format": "word", "enum": ["propose", "watch"], "default": "propose",
      "description": "What is done with a service that a monitor finds by itself: reported, or watched as well."}}},
  "maintenance": {"type": "array", "items": {"$ref": "#/$defs/maintenance"}, "description":
    "Windows of time that are announced: `stipend status` shows them. The time counts as down all the same; only the manager's file can excuse it."},
  "worker": {"type": "object", "additionalProperties": false,
    "x-noun": "the worker",
    "description": "The plugin that registers with the network and answers jobs.", "properties": {
    "plugin": {"$ref": "#/$defs/plugin", "default": "byoc"},
    "id": {"$ref": "#/$defs/plugin id"},
    "sha256": {"$ref": "#/$defs/plugin hash"},
    "config": {"$ref": "#/$defs/plugin config"}}},
  "workers": {"type": "array", "maxItems": 16, "items": {
    "type": "object", "additionalProperties": false, "required": ["name", "plugin"],
    "x-noun": "a plugin that answers jobs", "properties": {
    "name": {"$ref": "#/$defs/id", "description": "Its unique name, as `worker-NAME` in the log, in metrics and in alerts."},
    "plugin": {"$ref": "#/$defs/plugin"},
    "id": {"$ref": "#/$defs/plugin id"},
    "sha256": {"$ref": "#/$defs/plugin hash"},
    "config": {"$ref": "#/$defs/plugin config"}}},
    "description": "Plugins that answer jobs beside `worker`, each for an orchestrator and by routes of its own. See worker.md."},
  "manager": {"type": "object", "additionalProperties": false,
    "x-noun": "the settings of the manager",
    "description": "The manager that this worker registers with by itself. See worker.md.", "properties": {
    "url": {"format": "text", "maxLength": 2048, "default": "${MANAGER_URL:-}",
      "description": "Where its API is: https://host:port. Empty: the worker registers with none."},
    "orchestrator_id": {"format": "text", "maxLength": 128, "default": "${ORCHESTRATOR_ID:-}",
      "description": "The id to register. Empty: host:port of `endpoint`."},
    "endpoint": {"format": "text", "maxLength": 512, "default": "${ORCHESTRATOR_ENDPOINT:-}",
      "description": "The orchestrator's service address, as the manager and its gateway reach it: https://host:port."},
    "service_addresses": {"type": "array", "maxItems": 8, "items": {"format": "origin"},
      "description": "Other addresses under which it may answer."},
    "capabilities": {"format": "text", "maxLength": 4096, "default": "${CAPABILITY_NAME:-agent-net}",
      "description": "What it offers, separated by commas; for display."},
    "payout_address": {"format": "text", "maxLength": 42, "default": "${ORCHESTRATOR_PAYOUT_ADDRESS:-}",
      "description": "Where its pay goes: 0x and 40 hex digits."},
    "secret": {"format": "text", "maxLength": 1024, "default": "${MANAGER_SECRET:-}",
      "description": "The manager's `registration.secret`, by which an id is created. Empty: the id is registered already, and `own_secret` is its own."},
    "own_secret": {"format": "text", "maxLength": 1024, "default": "${ORCHESTRATOR_OWN_SECRET:-}",
      "description": "The id's own secret, where an administrator has made one by `stipend orchestrator rotate-secret`. Empty: the one in the state folder, which the worker makes."},
    "ca": {"format": "path", "maxLength": 4096, "default": "${MANAGER_CA:-}",
      "description": "A PEM file: the authorities that the manager's certificate is verified by. Empty: the system's."},
    "client_certificate": {"format": "path", "maxLength": 4096, "default": "${MANAGER_CLIENT_CERTIFICATE:-}",
      "description": "A PEM file: the certificate by which this worker proves itself, where the manager's `api.tls_client_ca` asks for one."},
    "client_key": {"format": "path", "maxLength": 4096, "default": "${MANAGER_CLIENT_KEY:-}",
      "description": "A PEM file: the key of `client_certificate`."},
    "plain_http": {"format": "word", "enum": ["false", "true"], "x-also": "off=false on=true no=false yes=true",
      "default": "${MANAGER_PLAIN_HTTP:-false}",
      "description": "`true`: `url` may be http:// beyond this machine, although secrets are readable on the way: for a network that is trusted."}}},
  "alerts": {"$ref": "#/$defs/alerts"},
  "listen": {"type": "object", "additionalProperties": false,
    "x-noun": "the listeners", "description": "The addresses on which this host listens.", "properties": {
    "worker": {"format": "listen", "default": "${WORKER_LISTEN:-${SERVER_HOST:-127.0.0.1}:${SERVER_PORT:-9876}}",
      "description": "Where the orchestrator's jobs are answered."},
    "worker_tls_certificate": {"$ref": "#/$defs/tls_certificate", "default": "${WORKER_TLS_CERTIFICATE:-}"},
    "worker_tls_key": {"$ref": "#/$defs/tls_key", "default": "${WORKER_TLS_KEY:-}"},
    "worker_tls_client_ca": {"$ref": "#/$defs/tls_client_ca", "default": "${WORKER_TLS_CLIENT_CA:-}"},
    "metrics": {"$ref": "#/$defs/metrics", "default": "${METRICS_LISTEN:-127.0.0.1:9109}"},
    "metrics_tls_certificate": {"$ref": "#/$defs/tls_certificate", "default": "${METRICS_TLS_CERTIFICATE:-}"},
    "metrics_tls_key": {"$ref": "#/$defs/tls_key", "default": "${METRICS_TLS_KEY:-}"},
    "metrics_tls_client_ca": {"$ref": "#/$defs/tls_client_ca", "default": "${METRICS_TLS_CLIENT_CA:-}"}}}
})";

}  // namespace stipend::config
