#include "host/config/settings_schema.hpp"

#include "host/config/network_schema.hpp"
#include "host/config/worker_schema.hpp"

// A default may name the environment variable that the Python deployment set for the same thing. docs/configuration.md
// is made from this schema.
namespace stipend::config {
namespace {

constexpr std::string_view of_both = R"("$defs": {
  "role": {"format": "word", "enum": ["manager", "worker"], "default": "manager",
    "description": "`manager`: pays orchestrators; `worker`: measures the services beside one."},
  "folder": {"format": "path", "minLength": 1, "maxLength": 4096, "default": "${STATE_DIRECTORY:-./var}"},
  "log": {"type": "object", "additionalProperties": false,
    "x-noun": "the log settings", "description": "What is written to the log.", "properties": {
    "level": {"format": "word", "enum": ["trace", "debug", "info", "warning", "error", "critical"],
      "x-also": "notset=trace verbose=trace dbg=debug information=info notice=info warn=warning err=error crit=critical fatal=critical",
      "default": "${LOG_LEVEL:-info}", "description": "The least severe lines that are written."}}},
  "plugins": {"type": "object", "additionalProperties": false,
    "x-noun": "the plugin settings", "description": "Where plugins come from.", "properties": {
    "folder": {"format": "path", "maxLength": 4096,
      "description": "Where plugins lie. Empty: `../lib/stipend/plugins` beside the program's folder."},
    "trust": {"type": "array", "maxItems": 16, "items": {"format": "text", "pattern": "^RW[Q-T][A-Za-z0-9+/]{53}$",
      "x-noun": "a public key of minisign: 56 characters that begin with RW"},
      "description": "Public keys, as minisign prints them. If there are any, a plugin's file is taken only with a signature by one of them beside it, in FILE.so.minisig: see operations.md."}}},
  "job deadline": {"format": "duration", "formatMinimum": "1s", "formatMaximum": "15m", "default": "5m",
    "description": "A job that the plugin has not answered by then is ended by the host: neither paid nor punished, with an alert. Above the plugin's own time-outs, its second try included."},
  "monitor": {"type": "object", "additionalProperties": false, "required": ["plugin", "name"],
    "x-noun": "a monitor", "properties": {
    "plugin": {"$ref": "#/$defs/plugin"},
    "id": {"$ref": "#/$defs/plugin id"},
    "sha256": {"$ref": "#/$defs/plugin hash"},
    "isolate": {"$ref": "#/$defs/plugin isolate"},
    "memory": {"$ref": "#/$defs/plugin memory"},
    "config": {"$ref": "#/$defs/plugin config"},
    "name": {"$ref": "#/$defs/id", "description": "How checks refer to it."}}},
  "target options": {"type": ["object", "null"], "x-noun": "a mapping",
    "description": "Options of the monitor for this target alone, each instead of the monitor's own."},
  "down after": {"format": "text", "maxLength": 16, "description":
    "`2 of 3`: failures count once 2 of 3 looks in a row failed, and then from the first of them on. Of monitors that are asked each time; each failure counts where this is left out."},
  "window name": {"format": "text", "maxLength": 128, "description": "What people call it."},
  "window schedule": {"format": "text", "minLength": 1, "maxLength": 256, "description":
    "When it begins, as in cron: minute, hour, day of the month, month, day of the week; or @daily, @weekly, @monthly."},
  "window zone": {"format": "text", "minLength": 1, "maxLength": 128, "default": "UTC",
    "description": "The time zone of the schedule, such as Europe/Berlin."},
  "window duration": {"format": "duration", "formatMinimum": "1m", "formatMaximum": "7d",
    "description": "How long it lasts."},
  "maintenance": {"type": "object", "additionalProperties": false, "required": ["schedule", "duration"],
    "x-noun": "a maintenance window", "properties": {
    "name": {"$ref": "#/$defs/window name"}, "schedule": {"$ref": "#/$defs/window schedule"},
    "zone": {"$ref": "#/$defs/window zone"}, "duration": {"$ref": "#/$defs/window duration"}}},
  "watch": {"format": "word", "enum": ["false", "true"], "x-also": "off=false on=true no=false yes=true", "default": "false",
    "description": "`true`: a change of this file is taken by itself, as `stipend reload` takes it. Plugin files are always watched."},
  "metrics": {"format": "listen or none", "description": "Where Prometheus reads the metrics."},
  "tls_certificate": {"format": "path",
    "description": "A PEM file: the certificate by which this listener proves itself, then those of its issuers. Empty: plain HTTP. A file that is replaced is taken within seconds."},
  "tls_key": {"format": "path", "description": "A PEM file: the key of that certificate."},
  "tls_client_ca": {"format": "path",
    "description": "A PEM file: only clients with a certificate of these authorities are served. Empty: every client."},

  "id": {"format": "text", "pattern": "^[!#-&(-_a-~]{1,128}$",
    "x-noun": "1 to 128 ASCII characters without blanks and quotes"},
  "plugin": {"format": "path", "minLength": 1, "maxLength": 4096,
    "description": "A file's stem in the plugin folder, or a path that ends in .so."},
  "plugin id": {"$ref": "#/$defs/id", "description": "The plugin's id, where its file holds several."},
  "plugin hash": {"format": "text", "pattern": "^[0-9a-fA-F]{64}$", "x-noun": "a hash: 64 hex digits",
    "description": "Refuse the file unless it has this SHA-256 hash."},
  "plugin isolate": {"format": "word", "enum": ["none", "process"], "default": "none",
    "description": "`process`: the plugin runs in a process of its own, in a sandbox, and reaches the network by the host alone. See isolation.md."},
  "plugin memory": {"format": "size", "formatMinimum": "64 MiB", "formatMaximum": "16 GiB", "default": "512 MiB",
    "description": "With `isolate: process`: how much data the process can hold."},
  "plugin config": {"type": ["object", "null"], "x-noun": "a mapping",
    "description": "The plugin's own configuration; `stipend plugins inspect` shows its schema."},
  "pay": {"format": "usd", "formatMinimum": "0 USD", "formatMaximum": "1000000 USD",
    "description": "Instead of `payment.base`."},
  "any usd": {"format": "usd", "formatMinimum": "0 USD", "formatMaximum": "1000000000 USD"},
  "amount of the asset": {"format": "text", "maxLength": 80, "pattern": "^[0-9]+(\\.[0-9]{1,36})? [A-Za-z][A-Za-z0-9.]{0,15}$",
    "x-noun": "an amount of the network's asset with its unit, such as 0.02 ETH, 500 gwei or 20 USDC"},
  "any eth": {"format": "eth", "formatMinimum": "0 ETH", "formatMaximum": "1000000 ETH"},
  "alerts": {"type": "object", "additionalProperties": false,
    "x-noun": "the alert settings", "description": "Which alerts reach people, and how. See alerts.md.", "properties": {
    "receivers": {"type": "array", "description": "Plugins that carry alerts to people.", "items": {
      "type": "object", "additionalProperties": false, "required": ["name"],
      "x-noun": "a receiver", "properties": {
      "plugin": {"$ref": "#/$defs/plugin", "default": "alert"},
      "id": {"$ref": "#/$defs/plugin id"},
      "sha256": {"$ref": "#/$defs/plugin hash"},
      "isolate": {"$ref": "#/$defs/plugin isolate"},
      "memory": {"$ref": "#/$defs/plugin memory"},
      "config": {"$ref": "#/$defs/plugin config"},
      "name": {"$ref": "#/$defs/id", "description": "How routes and commands refer to it."},
      "per_minute": {"format": "integer", "formatMinimum": "1", "formatMaximum": "600", "default": "20",
        "description": "Messages that it gets in a minute. What is beyond them is summed up in one message."},
      "deadline": {"format": "duration", "formatMinimum": "1s", "formatMaximum": "5m", "default": "30s",
        "description": "A message that the plugin has not answered by then is ended by the host, and tried again."},
      "quiet_hours": {"type": "object", "additionalProperties": false,
        "x-noun": "the quiet hours", "description": "Time in which it gets critical alerts only; the others are sent afterwards if they still fire.", "properties": {
        "schedule": {"format": "text", "maxLength": 256, "description":
          "When they begin, as in cron: minute, hour, day of the month, month, day of the week."},
        "zone": {"$ref": "#/$defs/window zone"},
        "duration": {"$ref": "#/$defs/window duration"}}}}}},
    "routes": {"type": "array", "description":
      "Which alerts go to which receivers. An alert goes to the receivers of every route that matches it, once to each; one that no route matches goes to none. Without routes, every alert goes to every receiver.", "items": {
      "type": "object", "additionalProperties": false,
      "x-noun": "a route", "properties": {
      "severity": {"format": "word", "enum": ["info", "warning", "critical"], "default": "info",
        "description": "The least severity that it matches."},
      "match": {"format": "text", "maxLength": 300,
        "description": "The id of an alert, or a pattern such as `suspended:*`. Empty: all."},
      "labels": {"type": "object", "additionalProperties": false,
        "x-noun": "labels", "description": "What its labels have to be as well; each a text or a pattern. Empty: any.", "properties": {
        "kind": {"format": "text", "maxLength": 300, "description": "What kind it is: its id as far as the first colon."},
        "subject": {"format": "text", "maxLength": 300, "description": "What it is about: the rest of its id."},
        "orchestrator": {"format": "text", "maxLength": 300,
          "description": "The orchestrator that it is about; `*`: any, but one."}}},
      "receivers": {"type": "array", "items": {"$ref": "#/$defs/id"}, "description": "Names of receivers."}}}},
    "repeat_interval": {"format": "duration", "formatMinimum": "1m", "formatMaximum": "30d", "default": "4h",
      "description": "An alert that fires for so long is sent again."},
    "group_wait": {"format": "duration", "formatMinimum": "1ms", "formatMaximum": "10m", "default": "10s",
      "description": "How long a receiver's first alert waits for others, to be sent in one message with them."}}},
  "policy keys": {"type": ["object", "null"], "x-noun": "a mapping",
    "description": "Keys laid over `payment.policy.config`, each replacing the whole value."},
)";

constexpr std::string_view of_manager = R"("type": "object", "additionalProperties": false, "x-noun": "the settings",
"properties": {
  "role": {"$ref": "#/$defs/role"},
  "state": {"$ref": "#/$defs/folder", "description": "The folder of the ledger and of all that survives a restart."},
  "log": {"$ref": "#/$defs/log"},
  "network": {"type": "object", "additionalProperties": false,
    "x-noun": "the network", "description": "The network that is paid.", "properties": {
    "chain_id": {"$ref": "#/$defs/chain id", "default": "42161",
      "description": "The chain whose money is owed; 42161 is Arbitrum One."},
    "asset": {"$ref": "#/$defs/asset"}}},
  "networks": {"type": "array", "maxItems": 32,
    "description": "Further networks, on which the orchestrators are paid that name one. See payouts.md.", "items": {
    "type": "object", "additionalProperties": false, "required": ["name", "chain_id"],
    "x-noun": "a network", "properties": {
    "name": {"$ref": "#/$defs/id", "description": "How orchestrators refer to it."},
    "chain_id": {"$ref": "#/$defs/chain id", "description": "The chain whose money is owed."},
    "asset": {"$ref": "#/$defs/asset"},
    "price": {"$ref": "#/$defs/price"},
    "payouts": {"$ref": "#/$defs/payouts"}}}},
  "settlement": {"format": "word", "enum": ["dry-run", "accrue", "ethereum"], "default": "dry-run",
    "description": "`dry-run`: nothing here will ever be paid; `accrue`: real debts, paid once settlement is on; `ethereum`: they are paid on the chain, as `payouts` says. See payouts.md."},
  "plugins": {"$ref": "#/$defs/plugins"},
  "watch": {"$ref": "#/$defs/watch"},
  "payment": {"type": "object", "additionalProperties": false,
    "x-noun": "the payment settings", "description": "What is paid, and how often.", "properties": {
    "interval": {"format": "seconds", "formatMinimum": "1s", "formatMaximum": "1d",
      "default": "${PAYMENT_INTERVAL_SECONDS:-60}s", "description": "The pay period."},
    "base": {"$ref": "#/$defs/pay", "default": "${BASE_PAYMENT_USD:-${PAYMENT_AMOUNT:-10.0}} USD",
      "description": "Pay for one period at multiplier 1."},
    "policy": {"type": "object", "additionalProperties": false,
      "x-noun": "a policy", "description": "The plugin that decides what is owed.", "properties": {
      "plugin": {"$ref": "#/$defs/plugin", "default": "payment"},
      "id": {"$ref": "#/$defs/plugin id"},
      "sha256": {"$ref": "#/$defs/plugin hash"},
      "config": {"$ref": "#/$defs/plugin config"},
      "tables_from": {"format": "text", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}\\.yaml$",
        "x-noun": "the name of a file in the state folder, such as tables.yaml",
        "description": "A file in the state folder whose tables are laid over `config.tables`, each by its name. The web page writes it. Where there is no such file, there are no such tables."}}},
    "demand": {"type": "object", "additionalProperties": false,
      "x-noun": "the factor of demand", "description": "A factor that this host computes of its own demand and hands to the policy; whether it counts is the policy's to say, and `payment-dynamic` multiplies by it. See dynamic-pricing.md.", "properties": {
      "target": {"format": "factor", "formatMinimum": "0", "formatMaximum": "1000000", "default": "0",
        "description": "Jobs in a cycle, for each orchestrator, at which the factor is 1. 0: no factor is computed."},
      "every": {"format": "seconds", "formatMinimum": "10s", "formatMaximum": "1d", "default": "5m",
        "description": "The cycle: how often the factor is computed."},
      "floor": {"format": "factor", "formatMinimum": "0.01", "formatMaximum": "1", "default": "0.8",
        "description": "The smallest factor."},
      "ceiling": {"format": "factor", "formatMinimum": "1", "formatMaximum": "100", "default": "1.5",
        "description": "The largest factor."},
      "damping": {"format": "factor", "formatMinimum": "0.000001", "formatMaximum": "1", "default": "0.25",
        "description": "The share of the way to the factor that the demand asks for, that one cycle goes."},
      "largest_step_per_day": {"format": "factor", "formatMinimum": "0.000001", "formatMaximum": "100", "default": "0.1",
        "description": "How far the factor moves within any 24 hours, up or down; a restart does not begin anew."}}}}},
  "price": {"$ref": "#/$defs/price"},
  "dispatch": {"type": "object", "additionalProperties": false,
    "x-noun": "the dispatch", "description": "How jobs reach orchestrators.", "properties": {
    "plugin": {"$ref": "#/$defs/plugin", "default": "byoc"},
    "id": {"$ref": "#/$defs/plugin id"},
    "sha256": {"$ref": "#/$defs/plugin hash"},
    "isolate": {"$ref": "#/$defs/plugin isolate"},
    "memory": {"$ref": "#/$defs/plugin memory"},
    "config": {"$ref": "#/$defs/plugin config"},
    "max_in_flight": {"format": "integer", "formatMinimum": "1", "formatMaximum": "65536", "default": "256",
      "description": "Jobs under way at once; more wait. A job that takes more than 2 s is no longer counted, for up to twice as many jobs and at most 512."},
    "jobs_per_second": {"format": "integer", "formatMinimum": "0", "formatMaximum": "1000000", "default": "0",
      "description": "Jobs that this host starts in a second; more wait. 0: unlimited."},
    "jobs_per_orchestrator_minute": {"format": "integer", "formatMinimum": "0", "formatMaximum": "1000000",
      "default": "0", "description": "Jobs that one orchestrator gets in a minute; more wait. 0: unlimited."},
    "deadline": {"$ref": "#/$defs/job deadline"}}},
  "dispatchers": {"type": "array", "maxItems": 16,
    "description": "Further ways by which jobs reach orchestrators: of those that name one. The limits of `dispatch` are of all jobs. See livepeer.md.", "items": {
    "type": "object", "additionalProperties": false, "required": ["name", "plugin"],
    "x-noun": "a dispatcher", "properties": {
    "name": {"$ref": "#/$defs/id", "description": "How orchestrators and capabilities refer to it; not `dispatch`, which names `dispatch` itself."},
    "plugin": {"$ref": "#/$defs/plugin"},
    "id": {"$ref": "#/$defs/plugin id"},
    "sha256": {"$ref": "#/$defs/plugin hash"},
    "isolate": {"$ref": "#/$defs/plugin isolate"},
    "memory": {"$ref": "#/$defs/plugin memory"},
    "config": {"$ref": "#/$defs/plugin config"},
    "deadline": {"$ref": "#/$defs/job deadline"}}}},
  "monitors": {"type": "array", "items": {"$ref": "#/$defs/monitor"},
    "description": "Plugins by which this host checks services itself."},
  "limits": {"type": "object", "additionalProperties": false,
    "x-noun": "the limits", "description": "Bounds on what can be owed and on what jobs cost, held before a debt or a cost exists.", "properties": {
    "accrual_per_orchestrator_day": {"$ref": "#/$defs/any usd", "default": "20000 USD",
      "description": "The most that one orchestrator can be owed for a day; beyond it is held. At least the pay of one period."},
    "accrual_per_day": {"$ref": "#/$defs/any usd", "default": "1000000 USD",
      "description": "The most that all of them together can be owed for a day; beyond it is held. At least the pay of one period."},
    "fees_per_orchestrator_day": {"$ref": "#/$defs/any eth", "default": "0.01 ETH",
      "description": "The most that a gateway may pay one orchestrator for jobs on a UTC day; a job beyond it is not sent, and held."},
    "fees_per_day": {"$ref": "#/$defs/any eth", "default": "0.1 ETH",
      "description": "The most that a gateway may pay all of them together for jobs on a UTC day; a job beyond it is not sent, and held."}}},
  "payouts": {"$ref": "#/$defs/payouts"},
  "orchestrators": {"type": "array", "description": "The orchestrators that are paid; at most 100,000.", "items": {
    "type": "object", "additionalProperties": false, "required": ["address"],
    "x-noun": "an orchestrator", "properties": {
    "address": {"format": "origin", "description": "Its service address, as the gateway knows it."},
    "id": {"$ref": "#/$defs/id", "description": "Its unique id in the ledger. By default host:port."},
    "name": {"format": "text", "maxLength": 128, "description": "What people call it."},
    "base": {"$ref": "#/$defs/pay"},
    "policy": {"$ref": "#/$defs/policy keys"},
    "service_addresses": {"type": "array", "items": {"format": "origin"},
      "description": "Other addresses under which it may answer."},
    "payout_address": {"format": "text", "pattern": "^0x[0-9a-fA-F]{40}$",
      "x-noun": "an address on the chain: 0x and 40 hex digits", "description": "Where its pay goes."},
    "worker_key": {"format": "text", "pattern": "^[0-9a-fA-F]{64}$",
      "x-noun": "a public key: 64 hex digits", "description": "Its worker's public key."},
    "capability": {"$ref": "#/$defs/id", "description": "The capability it is measured by; one of `capabilities`."},
    "network": {"$ref": "#/$defs/id", "description": "The network that it is paid on; one of `networks`. By default `network`."},
    "dispatch": {"$ref": "#/$defs/id", "description": "By which its jobs are sent: one of `dispatchers`, or `dispatch`. By default that of its capability, or `dispatch`."},
    "checks": {"type": "array", "description": "What this host checks of it by itself.", "items": {
      "type": "object", "additionalProperties": false, "required": ["monitor", "target"],
      "x-noun": "a check", "properties": {
      "name": {"format": "text", "maxLength": 255, "description":
        "Its unique name among the checks of the orchestrator. By default the target."},
      "monitor": {"$ref": "#/$defs/id", "description": "The name of a monitor."},
      "target": {"format": "text", "minLength": 1, "maxLength": 2048,
        "description": "What it looks at, as the monitor takes it."},
      "every": {"format": "duration", "formatMinimum": "1s", "formatMaximum": "1h", "default": "60s",
        "description": "How often it looks."},
      "options": {"$ref": "#/$defs/target options"},
      "down_after": {"$ref": "#/$defs/down after"}}}}}}},
  "orchestrator_addresses": {"format": "text", "maxLength": 1048576, "default": "${ORCHESTRATOR_ADDRESSES:-}",
    "description":
      "More orchestrators: addresses, separated by commas. One that `orchestrators` lists too stays as that says."},
  "capabilities": {"type": "object", "propertyNames": {"$ref": "#/$defs/id"},
    "description": "Terms for all orchestrators of a capability, by its name.", "additionalProperties": {
    "type": "object", "additionalProperties": false,
    "x-noun": "a capability", "properties": {
    "base": {"$ref": "#/$defs/pay"},
    "policy": {"$ref": "#/$defs/policy keys"},
    "dispatch": {"$ref": "#/$defs/id", "description": "By which their jobs are sent, where an orchestrator does not say it itself: one of `dispatchers`, or `dispatch`. By default `dispatch`."}}}},
  "maintenance": {"type": "array", "description":
    "Windows of time in which this host's own checks count neither as up nor as down.", "items": {
    "type": "object", "additionalProperties": false, "required": ["schedule", "duration"],
    "x-noun": "a maintenance window", "properties": {
    "name": {"$ref": "#/$defs/window name"}, "schedule": {"$ref": "#/$defs/window schedule"},
    "zone": {"$ref": "#/$defs/window zone"}, "duration": {"$ref": "#/$defs/window duration"},
    "orchestrators": {"type": "array", "items": {"$ref": "#/$defs/id"},
      "description": "The ids of the orchestrators whose checks it covers. By default all."}}}},
  "sla": {"type": "array", "maxItems": 64, "description":
    "Targets of uptime for each calendar month of UTC, with alerts where an error budget is used up too fast. They change no payment. See sla.md.", "items": {
    "type": "object", "additionalProperties": false, "required": ["name", "target"],
    "x-noun": "a target of uptime", "properties": {
    "name": {"$ref": "#/$defs/id", "description": "Its unique name in reports and alerts."},
    "target": {"format": "factor", "formatMinimum": "50", "formatMaximum": "99.9999",
      "description": "The uptime in percent, such as 99.5."},
    "orchestrators": {"type": "array", "maxItems": 1000, "items": {"$ref": "#/$defs/id"},
      "description": "The ids of the orchestrators that it is for, or patterns such as `https://*.example:*`. By default all."},
    "capability": {"format": "text", "maxLength": 128,
      "description": "Only orchestrators of this capability; one of `capabilities`. Empty: any."},
    "credit": {"format": "factor", "formatMinimum": "0", "formatMaximum": "100", "default": "0",
      "description": "The share of a month's pay, in percent, that the monthly report proposes to take back where the target was missed. An operator orders it, or does not."},
    "alerts": {"type": "array", "maxItems": 8, "description":
      "When to alert; each for both of its stretches of time. By default 14.4 in 1h and 5m and 6 in 6h and 30m, both critical, and 1 in 3d and 6h, a warning.", "items": {
      "type": "object", "additionalProperties": false, "required": ["long", "short", "burn"],
      "x-noun": "an alert", "properties": {
      "long": {"format": "seconds", "formatMinimum": "5m", "formatMaximum": "30d",
        "description": "The longer stretch, which says that it matters."},
      "short": {"format": "seconds", "formatMinimum": "1m", "formatMaximum": "7d",
        "description": "The shorter one, which says that it goes on; less than `long`."},
      "burn": {"format": "factor", "formatMinimum": "1", "formatMaximum": "1000",
        "description": "How many times as fast as would use up the error budget at the end of the month."},
      "severity": {"format": "word", "enum": ["warning", "critical"], "default": "warning",
        "description": "Of the alert."}}}}}}},
  "status": {"type": "object", "additionalProperties": false,
    "x-noun": "the settings of the status page",
    "description": "A page that everyone may read without a login: how the services that are named here are, and were. See status.md.", "properties": {
    "enabled": {"format": "word", "enum": ["false", "true"], "x-also": "off=false on=true no=false yes=true", "default": "false",
      "description": "`true`: the API's listener serves it at /status."},
    "title": {"format": "text", "minLength": 1, "maxLength": 128, "default": "Status", "description": "Its title."},
    "history": {"format": "seconds", "formatMinimum": "1d", "formatMaximum": "365d", "default": "90d",
      "description": "How many days of UTC it shows, today included; whole days."},
    "show": {"type": "array", "maxItems": 200,
      "description": "The services that it shows, in this order; nothing else is on it.", "items": {
      "type": "object", "additionalProperties": false, "required": ["name"],
      "x-noun": "a service of the status page", "properties": {
      "name": {"format": "text", "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$",
        "x-noun": "a name of 1 to 63 lower-case letters, digits, '.', '_' and '-'",
        "description": "Its unique name, in the address of its badge."},
      "as": {"format": "text", "minLength": 1, "maxLength": 128,
        "description": "What people call it; no other has the same. By default the name."},
      "group": {"format": "text", "maxLength": 128,
        "description": "A heading that it is below, with all others of the same group. Empty: none."},
      "orchestrators": {"type": "array", "maxItems": 1000, "items": {"$ref": "#/$defs/id"},
        "description": "The ids of its orchestrators, or patterns such as `https://*.example:*`; several count together. By default all of its capability."},
      "capability": {"format": "text", "maxLength": 128,
        "description": "Only orchestrators of this capability; one of `capabilities`. Empty: any of `orchestrators`."}}}}}},
  "witness": {"type": "array", "maxItems": 16, "items": {"format": "text", "minLength": 1, "maxLength": 2048},
    "description": "URLs or host:port that no orchestrator controls. Where all own checks fail at once, the first of `monitors` looks at these: if all of them fail too, the time counts neither as up nor as down; without a witness it is down, to be made up for with `stipend adjust` and `stipend pardon`. Dispatchers that judge by witnesses use them too, where their configuration names none. See operations.md."},
  "alerts": {"$ref": "#/$defs/alerts"},
  "listen": {"type": "object", "additionalProperties": false,
    "x-noun": "the listeners", "description": "The addresses on which this host listens.", "properties": {
    "api": {"format": "listen or none", "default": "${API_LISTEN:-127.0.0.1:8010}",
      "description": "Where the manager's API is served, by plain HTTP. Beyond this machine: behind a proxy that has TLS, and with `api.plain_http`."},
    "metrics": {"$ref": "#/$defs/metrics", "default": "${METRICS_LISTEN:-127.0.0.1:9108}"},
    "metrics_tls_certificate": {"$ref": "#/$defs/tls_certificate", "default": "${METRICS_TLS_CERTIFICATE:-}"},
    "metrics_tls_key": {"$ref": "#/$defs/tls_key", "default": "${METRICS_TLS_KEY:-}"},
    "metrics_tls_client_ca": {"$ref": "#/$defs/tls_client_ca", "default": "${METRICS_TLS_CLIENT_CA:-}"}}},
  "api": {"type": "object", "additionalProperties": false,
    "x-noun": "the settings of the API",
    "description": "Access to the manager's API. See api.md; a change needs a restart.", "properties": {
    "jwt_secret": {"format": "text", "maxLength": 1024, "default": "${JWT_SECRET:-}",
      "description": "What signs access tokens, of at least 32 bytes. Empty: one is generated, and stored in the state folder."},
    "jwt_key": {"format": "path", "default": "${JWT_KEY:-}",
      "description": "A PEM file (PKCS #8): a key on the curve P-256, which signs access tokens by ES256. Empty: `jwt_secret` signs by HS256."},
    "admin_email": {"format": "text", "pattern": "^[!-~]{1,254}$", "x-noun": "1 to 254 ASCII characters without blanks",
      "default": "${ADMIN_EMAIL:-admin@system.com}",
      "description": "The name of the first administrator, whose account is made where there is none."},
    "admin_password": {"format": "text", "maxLength": 1024, "default": "${ADMIN_PASSWORD:-${MANAGER_ADMIN_PASSWORD:-}}",
      "description": "The first administrator's password, of at least 8 bytes; read only while there is no account. Empty: one is generated, and written to the file `admin-password` in the state folder."},
    "token_lifetime": {"format": "seconds", "formatMinimum": "1m", "formatMaximum": "1d", "default": "15m",
      "description": "How long an access token is valid."},
    "refresh_lifetime": {"format": "seconds", "formatMinimum": "10m", "formatMaximum": "365d", "default": "30d",
      "description": "How long a login can be renewed without a password; at least `token_lifetime`."},
    "trusted_proxies": {"type": "array", "maxItems": 256, "items": {"format": "text", "minLength": 1, "maxLength": 64},
      "description": "Addresses or networks, such as 10.0.0.0/8, of proxies whose X-Forwarded-For is believed."},
    "gateway_networks": {"type": "array", "maxItems": 256, "items": {"format": "text", "minLength": 1, "maxLength": 64},
      "description": "Addresses or networks from which a gateway may read the list of orchestrators without a login. By default this machine."},
    "plain_http": {"format": "word", "enum": ["false", "true"], "x-also": "off=false on=true no=false yes=true",
      "default": "${API_PLAIN_HTTP:-false}",
      "description": "`true`: `listen.api` may be an address beyond this machine, although passwords and tokens are readable on the way: for a network that is trusted, or a proxy with TLS in front."},
    "tls_certificate": {"format": "path", "default": "${API_TLS_CERTIFICATE:-}",
      "description": "A PEM file: the certificate by which the API proves itself, then those of its issuers. Empty: no TLS. A file that is replaced is taken within seconds."},
    "tls_key": {"format": "path", "default": "${API_TLS_KEY:-}", "description": "A PEM file: the key of `tls_certificate`."},
    "tls_client_ca": {"format": "path", "default": "${API_TLS_CLIENT_CA:-}",
      "description": "A PEM file: only clients with a certificate of these authorities are served. Empty: every client, by its login."},
    "origin": {"format": "text", "maxLength": 512, "default": "${API_ORIGIN:-}",
      "description": "The URL by which clients reach the API, such as https://manager.example: a login by wallet is signed for it, and only its pages use sessions. Empty: that of `listen.api`."},
    "plugins": {"type": "array", "maxItems": 16,
      "description": "Plugins that serve pages on the listener of the API, each below its prefix. `/` leads to the first one. Another list of prefixes needs a restart; a plugin and its `config` do not.", "items": {
      "type": "object", "additionalProperties": false, "required": ["plugin", "prefix"],
      "x-noun": "a plugin of the API", "properties": {
      "plugin": {"$ref": "#/$defs/plugin"},
      "id": {"$ref": "#/$defs/plugin id"},
      "sha256": {"$ref": "#/$defs/plugin hash"},
      "config": {"$ref": "#/$defs/plugin config"},
      "prefix": {"format": "text", "maxLength": 64, "pattern": "^/[a-z0-9][a-z0-9_-]*/$",
        "x-noun": "one name between two slashes, such as /ui/, of lower-case letters, digits, '_' and '-'",
        "description": "The path below which its routes are, such as /ui/: unique, and none of the API's own."}}}}}},
  "registration": {"type": "object", "additionalProperties": false,
    "x-noun": "the settings of registration",
    "description": "How orchestrators join over the API. See api.md; a change needs a restart.", "properties": {
    "mode": {"format": "word", "enum": ["automatic", "closed", "approve"], "default": "automatic",
      "description": "`approve`: an orchestrator registers, and is paid once an administrator has approved it. `closed`: none registers; those that are approved stay. `automatic`: `approve` where there is a secret."},
    "secret": {"format": "text", "maxLength": 1024, "default": "${ORCHESTRATOR_SECRET:-}",
      "description": "What newcomers register with, of at least 16 bytes. It creates an id that is not approved, and nothing else. Empty: only administrators and operators register."},
    "allowed_networks": {"format": "text", "maxLength": 8192, "default": "${ALLOWED_ENDPOINT_NETWORKS:-}",
      "description": "Networks, separated by commas, that registered endpoints, and webhooks of orchestrators, may lead to although they are not public, such as 10.0.0.0/8."},
    "webhook_ca": {"format": "path", "default": "",
      "description": "A PEM file: the roots that sign the certificates of webhooks which orchestrators set for their own alerts. Empty: those of this machine."},
    "capability": {"format": "text", "maxLength": 128,
      "description": "The capability that they are measured and paid by; one of `capabilities`. Empty: the dispatch plugin's own, and `payment.base`."},
    "dispatch": {"format": "text", "maxLength": 128,
      "description": "By which their jobs are sent, where their capability names none: one of `dispatchers`, or `dispatch`. Empty: `dispatch`. Unlike the others it may change while the host runs."},
    "proofs": {"format": "word", "enum": ["optional", "required"], "default": "optional",
      "description": "`required`: a check of an orchestrator that registered fails while its proof is overdue."},
    "proof_interval": {"format": "seconds", "formatMinimum": "1s", "formatMaximum": "1d", "default": "${PROOF_INTERVAL:-60}s",
      "description": "How often a proof is due."},
    "heartbeat_timeout": {"format": "seconds", "formatMinimum": "1s", "formatMaximum": "1d", "default": "${HEARTBEAT_TIMEOUT:-30}s",
      "description": "How late it may be."},
    "change_delay": {"format": "seconds", "formatMinimum": "0s", "formatMaximum": "30d", "default": "24h",
      "description": "How long a change waits that an account makes of a proven payout address, or of a worker's key, after the approval: its payee sees it meanwhile, and may cancel it."}}},
  "signed_heads": {"type": "object", "additionalProperties": false,
    "x-noun": "the settings of signed heads",
    "description": "What the ledger holds is signed again and again, and kept outside of it: see audit.md. A change needs a restart.", "properties": {
    "every": {"format": "seconds", "formatMinimum": "1s", "formatMaximum": "30d", "default": "10m",
      "description": "How often what is new is signed."},
    "file": {"format": "path", "maxLength": 4096,
      "description": "The file that gets each signed head, a line of JSON; best on another disk. Empty: `heads.jsonl` in the state folder."},
    "url": {"format": "text", "maxLength": 2048,
      "description": "An http or https URL that gets the newest signed head by POST. Empty: none."}}}
})";

Schema compiled(std::string_view of_role) {
    auto schema = Schema::parse(cat("{", of_role, ", ", of_both, of_networks, "}}"), Schema::Author::host);
    STIPEND_ASSERT(schema.ok());
    return std::move(*schema);
}

}  // namespace

const Schema& settings_rules(Role role) {
    static const Schema manager = compiled(of_manager);
    static const Schema worker = compiled(of_worker);
    return role == Role::worker ? worker : manager;
}

}  // namespace stipend::config
