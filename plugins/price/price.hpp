// The price of ETH in USD: fixed, or agreed upon by several sources.
#pragma once

#include <memory>
#include <unordered_map>

#include "rate.hpp"
#include "schema.hpp"
#include "settings.hpp"
#include "stipend/plugin.hpp"

namespace price {

class Price {
  public:
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.price",
        .name = "Price",
        .version = "0.2.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Quotes ETH in USD: at a fixed rate, or at the median of several sources",
        .config_schema = config_schema,
    };
    using Settings = price::Settings;
    static constexpr std::uint64_t max_answer_bytes = 64 << 10;

    Price(Settings settings, stipend::Host host) : settings_(std::move(settings)), host_(host) {}

    static stipend::Result<Settings> parse(const stipend::Json& json, const stipend_terms&) {
        return parse_settings(json);
    }

    // A fixed rate is quoted soon, and as of now. Otherwise each source is asked once, at the same time as the others.
    // An error is permanent, so that no earlier rate stays in force, where the sources disagree.
    stipend::Result<void> fetch(std::string_view base, std::string_view quote, stipend_mono_ns deadline,
                                stipend::Completion<stipend_quote> done);
    void cancel(stipend_op op);

  private:
    // Of one source: the bodies of its answers, or what was wrong with one of them.
    struct Asked {
        std::vector<std::string> bodies;
        std::string fault;
    };
    struct Round {
        stipend::Completion<stipend_quote> done;
        std::vector<Asked> sources;
        std::vector<stipend_op> exchanges;
        std::size_t under_way = 0;
    };
    void ask(const std::shared_ptr<Round>& round, std::size_t at, std::uint32_t timeout_ms);
    void send(const std::shared_ptr<Round>& round, std::size_t at, std::size_t part, std::string_view body,
              std::uint32_t timeout_ms);
    void ended(Round& round);
    [[nodiscard]] stipend::Result<Rate> rate_of(const Source& source, const Asked& asked) const;
    void note(std::string fault);
    void finish(stipend::Completion<stipend_quote>& done, const Rate& rate, std::string_view source) const;

    Settings settings_;
    stipend::Host host_;
    std::unordered_map<stipend_op, std::shared_ptr<Round>> rounds_;  // [pool]
    std::string noted_;                                              // [pool] what was wrong in the last round
};

}  // namespace price
