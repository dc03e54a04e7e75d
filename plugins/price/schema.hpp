// JSON Schema of the configuration.
#pragma once

namespace price {

inline constexpr char config_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "The price of ETH or of a token in USD: fixed, or agreed upon by several sources",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "asset": {"type": "string", "default": "ETH", "maxLength": 16, "format": "priced-asset",
      "description": "The symbol of what is priced: that of the network's asset."},
    "usd_per_eth": {"type": ["number", "string"], "format": "usd-per-eth",
      "description": "A fixed rate: what one ETH, or one of `asset`, is worth in USD; at most eight decimals. Either this or `sources`."},
    "sources": {"type": "array", "maxItems": 16,
      "description": "Where the rate is asked for, all at once. The median of those that agree is the rate.",
      "items": {"type": "object", "additionalProperties": false, "required": ["name", "url"], "properties": {
        "name": {"type": "string", "description": "What messages and the recorded quote call it."},
        "url": {"type": "string",
          "description": "http or https. The answer is JSON; with `feed`, the JSON-RPC endpoint of a node. Where it holds a key, take that from a file or a credential: ${cred:name}."},
        "headers": {"type": "object", "maxProperties": 64, "additionalProperties": {"type": "string"},
          "description": "Header fields of the request, by name."},
        "value": {"type": "string", "description": "The JSON pointer of the rate in the answer, such as /data/amount: a number, or a text that is one."},
        "time": {"type": "string", "description": "The JSON pointer of the time that the rate is of, as seconds or milliseconds since 1970. Without it the rate is of the moment that it is asked for."},
        "feed": {"type": "string", "description": "The address of a price feed on a chain (AggregatorV3Interface, as Chainlink's feeds are), instead of `value`."},
        "chain_id": {"type": "integer", "minimum": 1, "description": "With `feed`: the chain that the node must be of."},
        "max_age": {"type": "string", "default": "1h", "description": "An older rate does not count, 1s to 7d. A feed is renewed once a day or more, by its heartbeat: `max_age` is to be longer than that, and so is `price.max_age`."}}}},
    "quorum": {"type": "integer", "minimum": 1, "maximum": 16,
      "description": "So many sources must agree; by default more than half of them."},
    "max_deviation": {"type": ["number", "string"], "default": "2",
      "description": "In percent: a source that is further from the median does not count."},
    "timeout": {"type": "string", "default": "5s", "description": "How long a source may take, 100ms to 30s."}
  }
})";

}  // namespace price
