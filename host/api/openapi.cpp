#include "host/api/openapi.hpp"

// Written by hand; a test compares its paths and parameters with the table of routes.
namespace stipend::api {
namespace {

constexpr std::string_view document = R"json({
"openapi": "3.1.0",
"info": {
  "title": "stipend: the manager's API",
  "version": "1",
  "description": "Times are UTC texts. Amounts are texts: US dollars with all their decimals, wei as whole numbers. Lists come in parts: `next_cursor` of one is the `cursor` of the next, and null at the end. Errors are problem details (RFC 9457)."
},
"components": {
  "securitySchemes": {
    "bearer": {"type": "http", "scheme": "bearer",
      "description": "An access token of a login, or an API key. Where `ownSecret` is named as well: the secret of the orchestrator itself; to register, also the common secret."},
    "ownSecret": {"type": "http", "scheme": "bearer",
      "description": "The secret that an orchestrator got when it registered; to register, also the common one."}
  },
  "parameters": {
    "limit": {"name": "limit", "in": "query", "description": "The most entries of one part.",
      "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 100}},
    "cursor": {"name": "cursor", "in": "query", "description": "The `next_cursor` of the part before.",
      "schema": {"type": "string"}}
  },
  "responses": {
    "problem": {"description": "Why there is no answer.",
      "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
    "tooLarge": {"description": "The body is too large.", "content": {
      "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
      "application/json": {"schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}}}},
    "unchanged": {"description": "The answer is the one whose ETag If-None-Match named."}
  },
  "schemas": {
    "SignedHead": {"type": "object",
      "required": ["version", "network", "first", "last", "at", "chain", "root", "previous", "signer", "signature"],
      "properties": {"version": {"const": 1}, "network": {"type": "integer"}, "first": {"type": "integer"},
        "last": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}, "chain": {"type": "string"},
        "root": {"type": "string"}, "previous": {"type": "string"}, "signer": {"type": "string"},
        "signature": {"type": "string"}}},
    "Problem": {"type": "object", "required": ["type", "title", "status", "detail"], "properties": {
      "type": {"const": "about:blank"}, "title": {"type": "string"}, "status": {"type": "integer"},
      "detail": {"type": "string"}}},
    "Objection": {"type": "object", "properties": {
      "orchestrator": {"type": "string"}, "epoch": {"type": "integer"}, "state": {"enum": ["open", "answered"]},
      "objected_at": {"type": "string", "format": "date-time"}, "text": {"type": "string"},
      "by": {"type": "string", "description": "`secret`, or `wallet:` and its address."},
      "answered_at": {"type": ["string", "null"], "format": "date-time"}, "answer": {"type": ["string", "null"]},
      "answered_by": {"type": ["string", "null"]},
      "adjustment": {"type": ["string", "null"], "description": "The key of the adjustment that paid."},
      "amount_usd": {"type": ["string", "null"]}, "amount_wei": {"type": ["string", "null"]}}},
    "AlertTarget": {"type": "object", "properties": {
      "orchestrator": {"type": "string"},
      "state": {"enum": ["unconfirmed", "active", "off"], "description": "unconfirmed: its code has not come back; off: 10 messages in a row were not accepted."},
      "webhook": {"type": ["string", "null"], "description": "Scheme and host; the rest is a secret."},
      "email": {"type": ["string", "null"]},
      "set_at": {"type": "string", "format": "date-time"},
      "code_until": {"type": ["string", "null"], "format": "date-time", "description": "Until then the code is taken."},
      "waiting": {"type": "integer", "description": "Events that are not accepted yet."},
      "sent_today": {"type": "integer"},
      "omitted": {"type": "integer", "description": "Events beyond 20 a day, which the next message counts."},
      "failures": {"type": "integer", "description": "In a row."},
      "last_error": {"type": ["string", "null"]},
      "last_success": {"type": ["string", "null"], "format": "date-time"}}},
    "Tokens": {"type": "object", "required": ["access_token", "token_type", "expires_in", "refresh_token"],
      "properties": {
        "access_token": {"type": "string"}, "token_type": {"const": "bearer"},
        "expires_in": {"type": "integer", "description": "Seconds that the access token is valid."},
        "refresh_token": {"type": "string", "description": "Taken once, for the next pair of tokens."}}},
    "Orchestrator": {"type": "object", "properties": {
      "orchestrator_id": {"type": "string"},
      "endpoint": {"type": "string"},
      "status": {"enum": ["connected", "unhealthy", "disconnected", "unapproved"],
        "description": "connected: configured or approved, and its last check did not fail; unhealthy: its last check failed; disconnected: no longer configured, or no longer approved; unapproved: registered, and neither checked nor paid."},
      "registration": {"enum": ["unapproved", "approved", "disconnected", "removed", null],
        "description": "null: of the configuration alone."},
      "last_heartbeat": {"type": ["string", "null"], "description": "When its last check was decided."},
      "last_proof": {"type": ["string", "null"], "description": "The last proof that was accepted since the host's start."},
      "pending_change": {"type": ["object", "null"], "description": "What an administrator changes of its payout address or worker's key at `effective_at`."},
      "endpoint_problem": {"type": ["string", "null"], "description": "Why the last connection to the registered endpoint failed."},
      "payout_proven": {"type": "boolean", "description": "Its wallet has signed."},
      "connection_started": {"type": "string", "description": "When it was first configured."},
      "total_calls_processed": {"type": "integer", "description": "Checks of it that were decided."},
      "average_latency_ms": {"type": ["integer", "null"], "description": "Of the answers to its last ten checks."},
      "capabilities": {"type": "array", "items": {"type": "string"}},
      "owed_wei": {"type": "string"},
      "checks_ok": {"type": "integer"},
      "consecutive_failures": {"type": "integer"},
      "suspended": {"type": "boolean"},
      "held": {"type": "boolean", "description": "Its present pay period cannot be decided."},
      "epoch": {"type": "integer", "description": "The number of the last decision."},
      "next_due": {"type": ["string", "null"]},
      "last_tier": {"type": ["string", "null"]},
      "last_uptime_percent": {"type": ["number", "null"]},
      "payout_address": {"type": ["string", "null"]}}},
    "Orchestrators": {"type": "object", "properties": {
      "total": {"type": "integer"}, "connected": {"type": "integer"}, "disconnected": {"type": "integer"},
      "unhealthy": {"type": "integer"}, "unapproved": {"type": "integer"},
      "orchestrators": {"type": "array", "items": {"$ref": "#/components/schemas/Orchestrator"}},
      "summary": {"type": "object", "description": "Of the orchestrators in this part.", "properties": {
        "total_calls_processed": {"type": "integer"}, "average_latency_ms": {"type": ["integer", "null"]}}},
      "next_cursor": {"type": ["string", "null"]}}},
    "Payments": {"type": "object", "properties": {
      "payments": {"type": "array", "description": "Decisions, the newest first, as `stipend ledger export` has them.",
        "items": {"type": "object", "properties": {
          "epoch": {"type": "integer"}, "orchestrator": {"type": "string"}, "action": {"enum": ["pay", "skip"]},
          "tier": {"type": "string"}, "amount_usd": {"type": "string"}, "amount_wei": {"type": "string"}}}},
      "next_cursor": {"type": ["string", "null"]}}},
    "Health": {"type": "object", "properties": {
      "status": {"enum": ["ok", "degraded", "unavailable"]},
      "control": {"enum": ["ok", "stopping", "unavailable"]},
      "ledger": {"enum": ["ok", "degraded", "unavailable", "unknown"]},
      "price": {"enum": ["ok", "unavailable"]},
      "orchestrators": {"enum": ["ok", "failing"], "description": "failing: the last check of each of them failed."},
      "alerts": {"type": "boolean", "description": "Whether an alert is raised; `stipend status` shows it."},
      "reason": {"type": ["string", "null"]}, "age_seconds": {"type": ["integer", "null"]},
      "components": {"type": "object", "properties": {
        "control": {"$ref": "#/components/schemas/Component"}, "orchestrators": {"$ref": "#/components/schemas/Component"},
        "gateway": {"$ref": "#/components/schemas/Component"}, "ledger": {"$ref": "#/components/schemas/Component"},
        "price": {"$ref": "#/components/schemas/Component"}, "alerts": {"$ref": "#/components/schemas/Component"},
        "worker": {"$ref": "#/components/schemas/Component"}}}}},
    "Component": {"type": "object", "required": ["state", "reason", "age_seconds"], "properties": {
      "state": {"enum": ["unknown", "ok", "degraded", "unavailable", "not_applicable"]},
      "reason": {"type": ["string", "null"], "description": "Why it is not ok."},
      "age_seconds": {"type": ["integer", "null"], "description": "How long it has been so."}}},
    "Registration": {"type": "object", "required": ["orchestrator_id", "endpoint", "capabilities", "eth_address"],
      "properties": {
        "orchestrator_id": {"type": "string", "maxLength": 128},
        "endpoint": {"type": "string", "maxLength": 512, "description": "http(s)://host:port, a public address."},
        "capabilities": {"type": "array", "maxItems": 32, "items": {"type": "string", "maxLength": 128}},
        "eth_address": {"type": "string", "description": "Where its pay goes: 0x and 40 hex digits."},
        "service_addresses": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 512}},
        "worker_key": {"type": "string", "description": "Its worker's public key: 64 hex digits."},
        "secret": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "The own secret that a newcomer made by itself and has stored; without it the host makes one. With it the registration may be sent again as it was."}}},
    "Registered": {"type": "object", "properties": {
      "success": {"const": true}, "orchestrator_id": {"type": "string"}, "message": {"type": "string"},
      "challenge": {"type": "string"},
      "state": {"enum": ["unapproved", "approved", "disconnected"]},
      "secret": {"type": "string", "description": "Its own secret; only in the answer that created the id, where the host made it."}}},
    "Proof": {"type": "object", "required": ["orchestrator_id", "manager_challenge", "orchestrator_response"],
      "properties": {
        "orchestrator_id": {"type": "string"}, "manager_challenge": {"type": "string"},
        "orchestrator_response": {"type": "string", "description": "The hex SHA-256 of challenge:id:secret, or the challenge as the wallet of `eth_address` signs it (EIP-191), which proves that address."}}},
    "Proven": {"type": "object", "properties": {
      "success": {"const": true}, "message": {"type": "string"}, "next_proof_required": {"type": "integer"},
      "challenge": {"type": "string", "description": "For the next proof."},
      "state": {"enum": ["unapproved", "approved", "disconnected"]}, "payout_proven": {"type": "boolean"},
      "endpoint_reached": {"type": ["boolean", "null"], "description": "Whether the manager could connect to the endpoint; null: not known, as where this host itself was at fault."}}},
    "Changed": {"type": "object", "properties": {
      "success": {"const": true}, "orchestrator_id": {"type": "string"},
      "state": {"enum": ["unapproved", "approved", "disconnected", "removed"]},
      "secret": {"type": "string", "description": "The new secret, shown once."}}},
    "Ready": {"type": "object", "properties": {"status": {"enum": ["ok", "unavailable"]}}}
  }
},
"paths": {
  "/health": {"get": {"summary": "Whether the manager works, by its parts", "responses": {
    "200": {"description": "It does, or is degraded.",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}},
    "503": {"description": "Nothing is decided now.",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}},
      "429": {"$ref": "#/components/responses/problem"}}}},
  "/healthz": {"get": {"summary": "Whether the process answers", "responses": {
    "200": {"description": "It does.",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ready"}}}},
      "429": {"$ref": "#/components/responses/problem"}}}},
  "/readyz": {"get": {"summary": "Whether the manager decides and records", "responses": {
    "200": {"description": "It does.",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ready"}}}},
    "503": {"description": "It does not.",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ready"}}}},
      "429": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/events": {"get": {"summary": "Decisions, changes of state and alerts, as server-sent events",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "orchestrator", "in": "query", "description": "Only what is about this id.",
        "schema": {"type": "string"}},
      {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"},
       "description": "The id of the last event that was read: the next ones follow, also after a restart."}],
    "responses": {
      "200": {"description": "Events payment, state, alert and gap, until the connection is closed. A comment every 15 s.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/openapi.json": {"get": {"summary": "This document", "responses": {
    "200": {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}},
    "304": {"$ref": "#/components/responses/unchanged"},
      "429": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/docs": {"get": {"summary": "This document as a page to read", "responses": {
    "200": {"description": "HTML.", "content": {"text/html": {"schema": {"type": "string"}}}},
    "304": {"$ref": "#/components/responses/unchanged"},
    "429": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/auth/login": {"post": {"summary": "Log in with an account and its password",
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "required": ["email", "password"], "properties": {
        "email": {"type": "string", "minLength": 1, "maxLength": 254}, "password": {"type": "string", "minLength": 1, "maxLength": 1024}}}}}},
    "responses": {
      "200": {"description": "The tokens of a new login.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tokens"}}}},
      "401": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/auth/refresh": {"post": {"summary": "Take a refresh token, once, for the next pair of tokens",
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "required": ["refresh_token"], "properties": {"refresh_token": {"type": "string", "minLength": 1, "maxLength": 4096}}}}}},
    "responses": {
      "200": {"description": "The next tokens of this login. A token that is sent twice ends the login.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tokens"}}}},
      "401": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/auth/wallet/challenge": {"post": {
    "summary": "The text that a wallet signs to log in (EIP-4361)",
    "description": "Its nonce is for this address and network, is taken once, and expires.",
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "required": ["address"], "properties": {"address": {"type": "string", "minLength": 1, "maxLength": 64}}}}}},
    "responses": {
      "200": {"description": "The text, and what it is made of.", "content": {"application/json": {"schema": {
        "type": "object", "properties": {"message": {"type": "string"}, "domain": {"type": "string"},
          "uri": {"type": "string"}, "chain_id": {"type": "integer"}, "nonce": {"type": "string"},
          "expires_in": {"type": "integer"}}}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/auth/wallet": {"post": {
    "summary": "Log in by a wallet that is the proven payout address of an orchestrator",
    "description": "The token reads what is that orchestrator's own. It is not renewed: the wallet signs again.",
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "required": ["message", "signature"], "properties": {
        "message": {"type": "string", "minLength": 1, "maxLength": 4096},
        "signature": {"type": "string", "minLength": 1, "maxLength": 256},
        "orchestrator_id": {"type": ["string", "null"], "maxLength": 512}}}}}},
    "responses": {
      "200": {"description": "A token.", "content": {"application/json": {"schema": {
        "type": "object", "properties": {"access_token": {"type": "string"}, "token_type": {"type": "string"},
          "expires_in": {"type": "integer"}, "orchestrator_id": {"type": "string"}}}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/auth/logout": {"post": {"summary": "End the login that the access token came by",
    "security": [{"bearer": []}],
    "responses": {
      "204": {"description": "Its access and refresh tokens are refused from now on."},
      "401": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators": {"get": {"summary": "The orchestrators, in the order of their addition",
    "security": [{"bearer": []}],
    "parameters": [{"$ref": "#/components/parameters/limit"}, {"$ref": "#/components/parameters/cursor"}],
    "responses": {
      "200": {"description": "A part of the list. The counts are of all orchestrators.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Orchestrators"}}}},
      "304": {"$ref": "#/components/responses/unchanged"},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/status": {"get": {"summary": "One orchestrator",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "responses": {
      "200": {"description": "What is known of it.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Orchestrator"}}}},
      "304": {"$ref": "#/components/responses/unchanged"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/register": {"post": {"summary": "Register an orchestrator, or change its registration",
    "description": "The common secret creates an id that is not approved, and changes none. The secret of an id changes that id. An account that may approve creates an approved one.",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "$ref": "#/components/schemas/Registration"}}}},
    "responses": {
      "200": {"description": "It is registered.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Registered"}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/approve": {"post": {"summary": "Pay a registered orchestrator from now on",
    "security": [{"bearer": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "responses": {
      "200": {"description": "It is changed.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Changed"}}}},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/disconnect": {"post": {"summary": "Pay it no more",
    "description": "An orchestrator that disconnected itself comes back by registering again; one that an account disconnected has to be approved again.",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "responses": {
      "200": {"description": "It is changed.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Changed"}}}},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/secret": {"post": {"summary": "Make a new secret, or only make the present one void",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "requestBody": {"content": {"application/json": {"schema": {
      "type": "object", "properties": {"revoke": {"type": "boolean"}}}}}},
    "responses": {
      "200": {"description": "It is changed.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Changed"}}}},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}": {"delete": {"summary": "Remove a registration",
    "description": "Its endpoint, address and key are free again, and its secret is void. What it is owed stays.",
    "security": [{"bearer": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "responses": {
      "200": {"description": "It is changed.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Changed"}}}},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/proof": {"post": {"summary": "Prove that the orchestrator is there",
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "$ref": "#/components/schemas/Proof"}}}},
    "responses": {
      "200": {"description": "The proof is accepted.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Proven"}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/payout-address/challenge": {"post": {
    "summary": "The text by whose signature a wallet proves the payout address",
    "description": "By the id's own secret. Where the address is proven, `eth_address` is the one that it hands over to.",
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "properties": {"eth_address": {"type": ["string", "null"], "maxLength": 64}}}}}},
    "responses": {
      "200": {"description": "To be signed by `signer` within `expires_in` seconds.",
        "content": {"application/json": {"schema": {
          "type": "object", "properties": {"message": {"type": "string"}, "signer": {"type": "string"},
            "nonce": {"type": "string"}, "expires_in": {"type": "integer"}}}}}},
      "401": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/payout-address": {"post": {
    "summary": "Prove the payout address, or hand over to another",
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "required": ["nonce", "signature"], "properties": {
        "nonce": {"type": "string", "maxLength": 128}, "signature": {"type": "string", "maxLength": 256},
        "eth_address": {"type": ["string", "null"], "maxLength": 64}}}}}},
    "responses": {
      "200": {"description": "It is proven; or the other one is stated, and is to be proven.",
        "content": {"application/json": {"schema": {
          "type": "object", "properties": {"success": {"type": "boolean"}, "orchestrator_id": {"type": "string"},
            "payout_address": {"type": "string"}, "payout_proven": {"type": "boolean"}}}}}},
      "401": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/pending-change": {"delete": {
    "summary": "Cancel a change of its payout address or worker's key that waits",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "responses": {
      "200": {"description": "It is cancelled.", "content": {"application/json": {"schema": {
        "type": "object", "properties": {"success": {"type": "boolean"}, "orchestrator_id": {"type": "string"},
          "state": {"type": "string"}}}}}},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/payments": {"get": {"summary": "What was decided, the newest first",
    "description": "A part may be shorter than its limit, even empty, before the end. Archived decisions are not in it.",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [
      {"name": "orchestrator", "in": "query", "description": "Only of this id.", "schema": {"type": "string"}},
      {"name": "from", "in": "query", "description": "Only what was decided at this time or later.",
        "schema": {"type": "string", "format": "date-time"}},
      {"name": "format", "in": "query",
        "description": "csv: for spreadsheets, with a line of names; the part that follows is in the header Link.",
        "schema": {"enum": ["json", "csv"], "default": "json"}},
      {"$ref": "#/components/parameters/cursor"}, {"$ref": "#/components/parameters/limit"}],
    "responses": {
      "200": {"description": "A part of the list.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Payments"}},
          "text/csv": {"schema": {"type": "string"}}}},
      "304": {"$ref": "#/components/responses/unchanged"},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/payments/{epoch}/proof": {"get": {
    "summary": "The proof that a decision is in the ledger",
    "description": "Two rows of the ledger, each below a head that the payer has signed; `stipend ledger check-proof` checks it offline.",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}},
      {"name": "epoch", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 0}}],
    "responses": {
      "200": {"description": "The proof.", "content": {"application/json": {"schema": {
        "type": "object", "required": ["rows"], "properties": {"rows": {"type": "array", "minItems": 2, "maxItems": 2, "items": {
          "type": "object", "required": ["seq", "kind", "body", "path", "head"], "properties": {
            "seq": {"type": "integer"}, "kind": {"type": "integer"}, "body": {"type": "string"},
            "path": {"type": "array", "items": {"type": "string"}},
            "head": {"$ref": "#/components/schemas/SignedHead"}}}}}}}}},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/alert-target": {
    "get": {
    "summary": "Where the own alerts of an orchestrator go",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "responses": {
      "200": {"description": "The target.", "content": {"application/json": {"schema": {
        "$ref": "#/components/schemas/AlertTarget"}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"}}},
    "put": {
    "summary": "Set where the own alerts of an orchestrator go",
    "description": "By the orchestrator itself: by its secret, or a login of its wallet; staff get 403. A webhook is active at once; to an e-mail address a code is sent, which the route `confirm` takes. In place of the one before, which gets a last message. At most 10 changes a day. 409: this host sends no e-mails.",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false, "properties": {
        "webhook": {"type": "string", "maxLength": 2048, "description": "An https URL with a public address. Redirects are not followed."},
        "email": {"type": "string", "maxLength": 254}}}}}},
    "responses": {
      "200": {"description": "It is set.", "content": {"application/json": {"schema": {
        "$ref": "#/components/schemas/AlertTarget"}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"}}},
    "delete": {
    "summary": "Remove it",
    "description": "By the orchestrator itself, or by an account with orchestrators:approve.",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "responses": {
      "204": {"description": "It is removed."},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/alert-target/confirm": {"post": {
    "summary": "Confirm the e-mail address by its code",
    "description": "By the orchestrator itself. A code is taken once, within 30 minutes; after 5 wrong ones the address has to be set again. 409: no code is waited for, or it has expired.",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[ -~]{1,512}$"}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "required": ["code"], "properties": {"code": {"type": "string", "minLength": 1, "maxLength": 64}}}}}},
    "responses": {
      "200": {"description": "It is confirmed.", "content": {"application/json": {"schema": {
        "$ref": "#/components/schemas/AlertTarget"}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/objections": {"get": {"summary": "What orchestrators objected to",
    "description": "The open ones first, the oldest of them first; then those that are answered, the newest first. An orchestrator reads its own, by `orchestrator`.",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [
      {"name": "orchestrator", "in": "query", "description": "Only of this id.", "schema": {"type": "string"}},
      {"name": "format", "in": "query",
        "description": "csv: for spreadsheets, with a line of names; the part that follows is in the header Link.",
        "schema": {"enum": ["json", "csv"], "default": "json"}},
      {"$ref": "#/components/parameters/cursor"}, {"$ref": "#/components/parameters/limit"}],
    "responses": {
      "200": {"description": "A part of the list.",
        "content": {"application/json": {"schema": {"type": "object", "properties": {
            "objections": {"type": "array", "items": {"$ref": "#/components/schemas/Objection"}},
            "next_cursor": {"type": ["string", "null"]}}}},
          "text/csv": {"schema": {"type": "string"}}}},
      "304": {"$ref": "#/components/responses/unchanged"},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/payments/{epoch}/objection": {
    "get": {
    "summary": "The objection to a decision, with its answer",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
      {"name": "epoch", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}}],
    "responses": {
      "200": {"description": "The objection.", "content": {"application/json": {"schema": {
        "$ref": "#/components/schemas/Objection"}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"}}},
    "post": {
    "summary": "Object to a decision",
    "description": "By the orchestrator itself: by its secret, or a login of its wallet; staff get 403. One for each decision: the same text again changes nothing, another one is 409. At most 20 a day.",
    "security": [{"bearer": []}, {"ownSecret": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
      {"name": "epoch", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "required": ["text"], "additionalProperties": false, "properties": {
        "text": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "At most 2000 bytes."}}}}}},
    "responses": {
      "200": {"description": "It is recorded.", "content": {"application/json": {"schema": {
        "$ref": "#/components/schemas/Objection"}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/orchestrators/{id}/payments/{epoch}/objection/answer": {"post": {
    "summary": "Answer an objection",
    "description": "By a reason, and where it was right by an amount, which is an adjustment in the same transaction. Once: the same again changes nothing, anything else is 409. An amount wants the permission payments:adjust as well.",
    "security": [{"bearer": []}],
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
      {"name": "epoch", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "required": ["reason"], "additionalProperties": false, "properties": {
        "reason": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "At most 2000 bytes."},
        "amount_usd": {"type": ["string", "number", "null"], "description": "More than 0, exact by its digits."}}}}}},
    "responses": {
      "200": {"description": "It is recorded.", "content": {"application/json": {"schema": {
        "$ref": "#/components/schemas/Objection"}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/ledger/head": {"get": {"summary": "The newest signed head of the ledger",
    "responses": {
      "200": {"description": "It vouches for all rows up to `last`.", "content": {"application/json": {"schema": {
        "$ref": "#/components/schemas/SignedHead"}}}},
      "304": {"$ref": "#/components/responses/unchanged"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/payments/process": {"post": {
    "summary": "Pay an orchestrator beside the decisions",
    "description": "Recorded in the ledger, within the limits of the day. The same Idempotency-Key or reference again, of the same account and with the same body, changes nothing and gets the first answer; with another body it is 422, and while the first is being carried out 409. One of the two is needed.",
    "security": [{"bearer": []}],
    "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "required": ["call_type", "amount", "recipient"], "additionalProperties": false,
      "properties": {
        "call_type": {"type": "string", "minLength": 1, "maxLength": 100, "description": "What it is for."},
        "amount": {"type": ["string", "number"],
          "description": "More than 0 and exact by its digits: US dollars, or with `asset` wei."},
        "asset": {"type": ["string", "null"], "enum": ["ETH", null]},
        "recipient": {"type": "string", "minLength": 1, "maxLength": 512,
          "description": "The id of an orchestrator that is configured or approved, or its payout address."},
        "orchestrator_id": {"type": ["string", "null"], "maxLength": 512,
          "description": "Where several have that payout address."},
        "reference": {"type": ["string", "null"], "minLength": 1, "maxLength": 200},
        "metadata": {"type": ["object", "null"]}}}}}},
    "responses": {
      "200": {"description": "It is recorded.", "content": {"application/json": {"schema": {
        "type": "object", "properties": {"success": {"type": "boolean"}, "payment_id": {"type": "string"},
          "orchestrator_assigned": {"type": "string"}, "estimated_latency_ms": {"type": ["integer", "null"]},
          "status": {"type": "string"}, "amount_usd": {"type": "string"}, "amount_wei": {"type": "string"},
          "usd_per_eth": {"type": "string"}, "rate_source": {"type": "string"}}}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/calls/distribute": {"post": {
    "summary": "Have orchestrators do a job",
    "description": "Each of those chosen gets one job with this payload, through the gateway. It is no check, and changes nothing that pay depends on; its fee counts in the limits of the day. The same Idempotency-Key again, of the same account and with the same body, sends nothing and gets the first answer; with another body it is 422, and while the first is being carried out 409.",
    "security": [{"bearer": []}],
    "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "required": ["call_type", "strategy", "payload"], "additionalProperties": false,
      "properties": {
        "call_type": {"type": "string", "minLength": 1, "maxLength": 100, "description": "The `action` of the job's body."},
        "strategy": {"enum": ["round_robin", "least_loaded", "capabilities"],
          "description": "round_robin: all that are connected; least_loaded: the three with the fewest calls; capabilities: those with every one of `payload.required_capabilities`."},
        "orchestrator_ids": {"type": ["array", "null"], "minItems": 1, "maxItems": 1000,
          "items": {"type": "string", "minLength": 1, "maxLength": 512}, "description": "Only these are chosen from."},
        "payload": {"type": "object", "description": "At most 64 KiB; the `payload` of the job's body.", "properties": {
          "required_capabilities": {"description": "With the strategy `capabilities`: an array of 1 to 32 texts of 1 to 128 bytes."}}}}}}}},
    "responses": {
      "200": {"description": "The calls are queued.", "content": {"application/json": {"schema": {
        "type": "object", "properties": {"success": {"type": "boolean"}, "strategy": {"type": "string"},
          "orchestrators_assigned": {"type": "integer"}, "status": {"const": "queued"},
          "distribution": {"type": "array", "items": {"type": "object", "properties": {
            "orchestrator_id": {"type": "string"}, "endpoint": {"type": "string"}, "assigned": {"const": true}}}}}}}}},
      "400": {"$ref": "#/components/responses/problem"},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "404": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/adjustments": {"post": {
    "summary": "Pay or excuse time that stayed unpaid through the payer's own fault",
    "description": "A further entry of the ledger, in the name of the account. The same orchestrator and time twice is 409.",
    "security": [{"bearer": []}],
    "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "required": ["orchestrator_id", "from", "to", "reason"], "additionalProperties": false,
      "properties": {
        "orchestrator_id": {"type": "string"}, "from": {"type": "string", "format": "date-time"},
        "to": {"type": "string", "format": "date-time"}, "reason": {"type": "string", "minLength": 1, "maxLength": 1000},
        "amount_usd": {"type": ["string", "number"],
          "description": "Exact by its digits; without it the base for each whole interval that stayed unpaid; 0 excuses."}}}}}},
    "responses": {
      "200": {"description": "It is recorded.", "content": {"application/json": {"schema": {
        "type": "object", "properties": {"key": {"type": "string"}, "amount_usd": {"type": "string"},
          "amount_wei": {"type": "string"}, "from": {"type": "string"}, "to": {"type": "string"}}}}}},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "409": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/livepeer/pardons": {"post": {
    "summary": "Take back waits and counts of checks that failed through the payer's own fault",
    "description": "`orchestrator_id`, or `all`. Of checks that were due in that time. With `dry_run` nothing changes.",
    "security": [{"bearer": []}],
    "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"}}],
    "requestBody": {"required": true, "content": {"application/json": {"schema": {
      "type": "object", "required": ["from", "to", "reason"], "additionalProperties": false,
      "properties": {
        "orchestrator_id": {"type": "string"}, "all": {"type": "boolean"},
        "from": {"type": "string", "format": "date-time"}, "to": {"type": "string", "format": "date-time"},
        "reason": {"type": "string", "minLength": 1, "maxLength": 1000}, "dry_run": {"type": "boolean"}}}}}},
    "responses": {
      "200": {"description": "What was pardoned, and what was refused.", "content": {"application/json": {"schema": {
        "type": "object", "properties": {"dry_run": {"type": "boolean"}, "pardoned": {"type": "array"},
          "refused": {"type": "array"}}}}}},
      "401": {"$ref": "#/components/responses/problem"},
      "403": {"$ref": "#/components/responses/problem"},
      "422": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"},
      "503": {"$ref": "#/components/responses/problem"},
      "400": {"$ref": "#/components/responses/problem"},
      "413": {"$ref": "#/components/responses/tooLarge"},
      "415": {"$ref": "#/components/responses/problem"}}}},
  "/api/v1/gateway/orchestrators": {"get": {
    "summary": "The addresses of the orchestrators that are configured or approved, as a gateway polls them",
    "description": "For the networks of `api.gateway_networks`, without credentials.",
    "responses": {
      "200": {"description": "All of them.", "content": {"application/json": {"schema": {
        "type": "array", "items": {"type": "object", "required": ["address"], "properties": {
          "address": {"type": "string"}}}}}}},
      "304": {"$ref": "#/components/responses/unchanged"},
      "403": {"$ref": "#/components/responses/problem"},
      "429": {"$ref": "#/components/responses/problem"}}}}
}
}
)json";

}  // namespace

std::string_view openapi_document() {
    return document;
}

}  // namespace stipend::api
