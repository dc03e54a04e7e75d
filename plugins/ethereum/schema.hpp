// JSON Schema of the configuration.
#pragma once

namespace evm {

inline constexpr char config_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Payments on a chain of Ethereum's kind",
  "type": "object",
  "additionalProperties": false,
  "required": ["chain_id", "payer", "rpc", "signer", "max_fee_per_gas_wei"],
  "properties": {
    "chain_id": {"type": "integer", "minimum": 1, "format": "chain-id", "description": "The chain; an endpoint of another one does not count."},
    "payer": {"type": "string", "description": "The address that pays: the one of the signer's key."},
    "rpc": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "string"},
      "description": "JSON-RPC endpoints of nodes, http or https. Where a URL holds a key, take it from a file or a credential: ${cred:name}."},
    "quorum": {"type": "integer", "minimum": 1, "maximum": 8,
      "description": "So many endpoints must agree on what decides. More than half of them, which is the default, up to all."},
    "signer": {"type": "object", "additionalProperties": false, "required": ["socket"],
      "properties": {"socket": {"type": "string", "description": "The absolute path of the signer's unix socket."}}},
    "final": {"type": "object", "additionalProperties": false,
      "description": "Which blocks can no longer be replaced.",
      "properties": {
        "tag": {"type": "string", "enum": ["finalized", "safe", "latest-depth"], "default": "finalized",
          "description": "finalized and safe: those up to the block that endpoints give for that tag. latest-depth: those with `depth` blocks above them."},
        "depth": {"type": "integer", "minimum": 1, "maximum": 1000000, "description": "With latest-depth: so many blocks."}}},
    "asset": {"format": "payout-asset", "default": "native", "description": "What is paid: the coin of the chain, or a token (ERC-20).",
      "oneOf": [
        {"type": "string", "enum": ["native"]},
        {"type": "object", "additionalProperties": false, "required": ["token", "decimals"],
          "properties": {
            "token": {"type": "string", "description": "The address of the token's contract."},
            "decimals": {"type": "integer", "minimum": 0, "maximum": 36,
              "description": "Of which the token's smallest unit is one: 6 for USDC. The token has to say the same."}}}]},
    "batch_contract": {"type": "string",
      "description": "The address of the contract that pays many payees at once (BatchPayer). Its code has to be the one that this version knows. Without it each payee has a transaction of its own. Only for the coin of the chain."},
    "transactions": {"type": "string", "enum": ["eip1559", "legacy"], "default": "eip1559",
      "description": "legacy: for a chain without EIP-1559, whose blocks have no base fee. Each then bids one price for its gas. The signer has to be configured the same."},
    "max_fee_per_gas_wei": {"type": ["integer", "string"], "description": "The most that is bid for one gas, in wei."},
    "tip_wei": {"type": ["integer", "string"], "description": "The tip for one gas, in wei. By default what the endpoints suggest."},
    "gas_margin_percent": {"type": "integer", "minimum": 0, "maximum": 500, "default": 20,
      "description": "Added to the gas that the endpoints estimate."},
    "max_payment_gas": {"type": "integer", "minimum": 21000, "maximum": 5000000, "default": 500000,
      "description": "The highest gas limit of a payment to one payee, margin included; one that takes more is refused."},
    "timeout": {"type": "string", "default": "10s", "description": "How long one operation may take, endpoints and signer alike, 100ms to 2m."}
  }
})";

}  // namespace evm
