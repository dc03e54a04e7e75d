// JSON Schema of the configuration.
#pragma once

namespace alert {

inline constexpr char config_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Alerts by webhook or e-mail",
  "type": "object",
  "additionalProperties": false,
  "required": ["url"],
  "properties": {
    "format": {"type": "string", "enum": ["json", "discord", "slack", "telegram", "email"], "default": "json",
      "description": "What the channel takes: json is the shape of docs/alerts.md, for programs."},
    "url": {"type": "string",
      "description": "Where messages are sent by POST; email: the server, smtps://host:465, or smtp://host:587 with STARTTLS. Where it holds a token, take that from a file or a credential: ${cred:name}."},
    "from": {"type": "string", "description": "email: the sender's address."},
    "to": {"type": ["string", "array"], "items": {"type": "string"}, "maxItems": 20, "description": "email: the address that messages go to, or a list of them."},
    "user": {"type": "string", "description": "email: the account at the server."},
    "password": {"type": "string", "description": "email: its password, from a file or a credential: ${cred:name}."},
    "plain": {"type": "boolean", "default": false, "description": "email: without TLS, to a server on this machine only."},
    "chat_id": {"type": ["string", "integer"], "description": "telegram: the chat, a number or @channel."},
    "headers": {"type": "object", "maxProperties": 64, "additionalProperties": {"type": "string"},
      "description": "Header fields of the request, by name."},
    "bearer": {"type": "string", "description": "A bearer token, from a file or a credential: ${cred:name}."},
    "timeout": {"type": "string", "default": "10s", "description": "The timeout of a request, 1s to 60s."},
    "ca_file": {"type": "string", "description": "https: the path of the roots (PEM) that sign the channel's certificate, instead of this machine's."}
  }
})";

}  // namespace alert
