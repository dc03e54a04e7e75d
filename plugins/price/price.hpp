// A fixed price from the configuration.
#pragma once

#include "stipend/plugin.hpp"

namespace price {

inline constexpr char config_schema[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "A fixed price of ETH in USD",
  "type": "object",
  "additionalProperties": false,
  "required": ["usd_per_eth"],
  "properties": {
    "usd_per_eth": {"type": ["number", "string"], "format": "usd-per-eth",
      "description": "What one ETH is worth in USD; at most eight decimals."}
  }
})";

class FixedPrice {
  public:
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.price",
        .name = "Fixed price",
        .version = "0.1.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Quotes ETH in USD at the rate that the configuration states",
        .config_schema = config_schema,
    };
    static constexpr int places = 8;  // of the quote's exponent
    static constexpr std::int64_t most_e8 =
        1'000'000'000LL * stipend::e8;  // far above any price; catches typing errors
    struct Settings {
        std::int64_t usd_per_eth_e8 = 0;
    };

    FixedPrice(Settings settings, stipend::Host host) : settings_(settings), host_(host) {}

    static stipend::Result<Settings> parse(const stipend::Json& json, const stipend_terms&) {
        const stipend::ConfigView config(json);
        STIPEND_LET(rate, config.at("usd_per_eth").scaled(places, 1, most_e8));
        return Settings{rate};
    }

    // Completes at once, so the deadline is irrelevant.
    stipend::Result<void> fetch(std::string_view base, std::string_view quote, stipend_mono_ns,
                                stipend::Completion<stipend_quote> done) {
        if (base != "ETH" || quote != "USD") {
            return stipend::fail(STIPEND_E_UNSUPPORTED, "no such price: got ", base, " in ", quote,
                                 ", want ETH in USD");
        }
        const bool posted = host_.post([settings = settings_, host = host_, done = std::move(done)]() mutable {
            auto record = stipend::make_record<stipend_quote>();
            record.mantissa = settings.usd_per_eth_e8;
            record.exponent = -places;
            record.base = stipend::to_abi("ETH");
            record.quote = stipend::to_abi("USD");
            record.source = stipend::to_abi("fixed");
            record.observed_at = host.now();
            done.finish(record);
        });
        if (!posted) return stipend::fail(STIPEND_E_BUSY, "the host takes no work at the moment");
        return {};
    }

  private:
    Settings settings_;
    stipend::Host host_;
};

}  // namespace price
