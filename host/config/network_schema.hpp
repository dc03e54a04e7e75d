// The definitions of the host's schema that say of a network what is owed there, at which rate, and how it is paid.
#pragma once

#include <string_view>

namespace stipend::config {

inline constexpr std::string_view of_networks = R"(
  "chain id": {"format": "integer", "formatMinimum": "1", "formatMaximum": "9007199254740992"},
  "asset": {"type": "object", "additionalProperties": false,
    "x-noun": "the asset", "description": "What is owed, and paid. By default the coin of the chain.", "properties": {
    "token": {"format": "text", "pattern": "^0x[0-9a-fA-F]{40}$",
      "x-noun": "an address on the chain: 0x and 40 hex digits", "description": "The contract of a token (ERC-20). By default none: the coin."},
    "decimals": {"format": "integer", "formatMinimum": "0", "formatMaximum": "36", "default": "18",
      "description": "Of which the token's smallest unit is one: 6 for USDC. Stated with `token`."},
    "symbol": {"format": "text", "pattern": "^[A-Za-z][A-Za-z0-9.]{0,15}$", "default": "ETH",
      "x-noun": "a symbol, such as USDC", "description": "The unit in which amounts of the token are written: `20 USDC`. Stated with `token`."}}},
  "price": {"type": "object", "additionalProperties": false,
    "x-noun": "the price source",
    "description": "Where the rate of what is owed in USD comes from, and which rate is believed.", "properties": {
    "plugin": {"$ref": "#/$defs/plugin", "default": "price"},
    "id": {"$ref": "#/$defs/plugin id"},
    "sha256": {"$ref": "#/$defs/plugin hash"},
    "config": {"$ref": "#/$defs/plugin config"},
    "max_age": {"format": "duration", "formatMinimum": "1s", "formatMaximum": "1d", "default": "1h",
      "description": "An older rate holds them."},
    "min": {"$ref": "#/$defs/any usd", "default": "100 USD",
      "description": "A lower rate, in USD for one ETH or one token, holds all decisions that are owed in it."},
    "max": {"$ref": "#/$defs/any usd", "default": "100000 USD",
      "description": "A higher rate holds them."},
    "max_step": {"format": "factor", "formatMinimum": "1", "formatMaximum": "1000", "default": "2",
      "description": "A rate further than this factor from the last accepted one holds them."},
    "every": {"format": "duration", "formatMinimum": "1s", "formatMaximum": "1d", "default": "60s",
      "description": "How often the source is asked; at most `max_age`."}}},
  "payouts": {"type": "object", "additionalProperties": false,
    "x-noun": "the payouts", "description": "How what is owed is paid on the chain, with `settlement: ethereum`. See payouts.md.", "properties": {
    "plugin": {"$ref": "#/$defs/plugin", "default": "ethereum"},
    "id": {"$ref": "#/$defs/plugin id"},
    "sha256": {"$ref": "#/$defs/plugin hash"},
    "config": {"$ref": "#/$defs/plugin config"},
    "mode": {"format": "word", "enum": ["single", "batch", "automatic"], "x-also": "auto=automatic", "default": "single",
      "description": "`single`: each by a transaction of its own. `batch`: those that are due at the same time by one, which the batch contract carries out; see batch-contract.md. `automatic`: by one where that takes less gas."},
    "batch_most": {"format": "integer", "formatMinimum": "2", "formatMaximum": "1000", "default": "200",
      "description": "The most payouts of one batch."},
    "min": {"$ref": "#/$defs/amount of the asset", "default": "0.02 ETH",
      "description": "What an orchestrator is owed at least before it is paid."},
    "max_age": {"format": "duration", "formatMinimum": "1m", "formatMaximum": "365d", "default": "24h",
      "description": "So long after its last payout an orchestrator is paid what it is owed, although that is less than `min`."},
    "max_fee_share": {"format": "factor", "formatMinimum": "0", "formatMaximum": "1", "default": "0.01",
      "description": "What a payment may cost, as a share of what it pays; a dearer one waits. Of a token it does not count: see `max_fee`."},
    "max_fee": {"$ref": "#/$defs/any eth", "default": "0 ETH",
      "description": "What the payment of a token may cost, in the coin of the chain; a dearer one waits. Has to be stated where the asset is a token, and only there."},
    "max_gas_price": {"$ref": "#/$defs/any eth", "default": "1 gwei",
      "description": "The most that is bid for one gas; nothing is bound while nodes suggest more."},
    "per_payment": {"$ref": "#/$defs/amount of the asset", "default": "1 ETH",
      "description": "The most that one payment may pay; a larger one is held."},
    "per_payee_day": {"$ref": "#/$defs/amount of the asset", "default": "1 ETH",
      "description": "The most that may be paid to one address on a UTC day; what is beyond it waits."},
    "per_day": {"$ref": "#/$defs/amount of the asset", "default": "0 ETH",
      "description": "The most that may be paid to all of them on a UTC day; what is beyond it waits. Has to be stated with `settlement: ethereum`."},
    "every": {"format": "duration", "formatMinimum": "1s", "formatMaximum": "1d", "default": "60s",
      "description": "How often what is owed is looked through for what is due."},
    "look_every": {"format": "duration", "formatMinimum": "100ms", "formatMaximum": "10m", "default": "5s",
      "description": "How often the chain is asked for the payer's account and for what is under way."},
    "resend_after": {"format": "duration", "formatMinimum": "1s", "formatMaximum": "1h", "default": "30s",
      "description": "A payment that no node has seen for so long is sent again."},
    "replace_after": {"format": "duration", "formatMinimum": "1s", "formatMaximum": "1d", "default": "2m",
      "description": "A payment that is in no block for so long is signed again, with higher fees."},
    "confirmations": {"format": "integer", "formatMinimum": "1", "formatMaximum": "1000000", "default": "12",
      "description": "A payment with so many blocks above its own is shown as confirmed; it counts as paid once the chain cannot replace its block any more."},
    "stopped": {"format": "word", "enum": ["false", "true"], "x-also": "off=false on=true no=false yes=true", "default": "false",
      "description": "`true`: nothing new is bound, signed or sent; what was sent is still watched."}}})";

}  // namespace stipend::config
