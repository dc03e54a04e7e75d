// Reads a plugin's configuration, a JSON object. Each error carries the JSON pointer of its value, so that the host can
// report the line of the operator's file.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"
#include "stipend/json.hpp"
#include "stipend/money.hpp"
#include "stipend/result.hpp"

namespace stipend {

// One value of the configuration and its path. Borrows the tree: it must not outlive it.
class ConfigView {
  public:
    static constexpr std::int64_t most_int = std::numeric_limits<std::int64_t>::max();

    explicit ConfigView(const Json& root) : value_(&root) {}

    // False where the key is missing or null.
    [[nodiscard]] bool present() const { return value_ != nullptr && !value_->is(Json::Kind::null); }
    [[nodiscard]] const std::string& path() const { return path_; }

    [[nodiscard]] ConfigView at(std::string_view key) const {
        return {value_ != nullptr ? value_->find(key) : nullptr, cat(path_, "/", escape(key))};
    }
    [[nodiscard]] std::vector<ConfigView> items() const {
        std::vector<ConfigView> out;
        if (value_ == nullptr) return out;
        for (const auto& item : value_->items()) out.push_back({&item, cat(path_, "/", out.size())});
        return out;
    }
    [[nodiscard]] std::vector<std::pair<std::string, ConfigView>> members() const {
        std::vector<std::pair<std::string, ConfigView>> out;
        if (value_ == nullptr) return out;
        for (const auto& [key, item] : value_->members()) {
            out.emplace_back(key, ConfigView(&item, cat(path_, "/", escape(key))));
        }
        return out;
    }

    // An error about this value.
    template <class... Parts>
    [[nodiscard]] Error refuse(const Parts&... parts) const {
        Error error = fail(STIPEND_E_CONFIG, parts...);
        error.path = path_;
        error.permanent = true;
        return error;
    }

    // A text, number, boolean or null; NULL for anything else, and where the key is missing.
    [[nodiscard]] const Json* scalar() const {
        const bool whole = value_ == nullptr || value_->is(Json::Kind::object) || value_->is(Json::Kind::array);
        return whole ? nullptr : value_;
    }

    [[nodiscard]] Result<std::string> string() const {
        if (!present() || !value_->is(Json::Kind::string)) return wanted("a string");
        return value_->text();
    }
    [[nodiscard]] Result<bool> boolean() const {
        if (!present() || !value_->is(Json::Kind::boolean)) return wanted("true or false");
        return value_->truth();
    }
    // An exact decimal, given as a number or as a string.
    [[nodiscard]] Result<Decimal> decimal() const {
        if (!present() || !(value_->is(Json::Kind::number) || value_->is(Json::Kind::string))) {
            return wanted("a number");
        }
        return named(Decimal::parse(value_->text()));
    }
    // A decimal x 10^places in least..most, exactly.
    [[nodiscard]] Result<std::int64_t> scaled(int places, std::int64_t least, std::int64_t most) const {
        STIPEND_LET(number, decimal());
        const auto value = number.exact_scaled(places);
        if (!value) return refuse(value.error().message);
        return in_range(*value, least, most, [places](std::int64_t bound) { return scaled_text(bound, places); });
    }
    [[nodiscard]] Result<std::int64_t> integer(std::int64_t least, std::int64_t most = most_int) const {
        return scaled(0, least, most);
    }
    // A duration with its unit, as nanoseconds in least..most.
    [[nodiscard]] Result<std::int64_t> duration(std::int64_t least_ns, std::int64_t most_ns) const {
        if (!present() || !value_->is(Json::Kind::string)) return wanted("a duration with its unit, such as 60s");
        STIPEND_LET(ns, named(parse_duration(value_->text())));
        return in_range(ns, least_ns, most_ns, duration_text);
    }
    // A percentage in 0..100 as parts per million; more than four decimals are an error, not rounded.
    [[nodiscard]] Result<std::uint32_t> percent() const {
        STIPEND_LET(ppm, scaled(4, 0, ppm_one));
        return static_cast<std::uint32_t>(ppm);
    }

    // The same with a default for a missing value.
    [[nodiscard]] Result<std::string> string_or(std::string otherwise) const {
        if (!present()) return otherwise;
        return string();
    }
    [[nodiscard]] Result<bool> boolean_or(bool otherwise) const {
        if (!present()) return otherwise;
        return boolean();
    }
    [[nodiscard]] Result<std::int64_t> integer_or(std::int64_t otherwise, std::int64_t least,
                                                  std::int64_t most = most_int) const {
        if (!present()) return otherwise;
        return integer(least, most);
    }
    [[nodiscard]] Result<std::int64_t> duration_or(std::int64_t otherwise_ns, std::int64_t least_ns,
                                                   std::int64_t most_ns) const {
        if (!present()) return otherwise_ns;
        return duration(least_ns, most_ns);
    }

  private:
    ConfigView(const Json* value, std::string path) : value_(value), path_(std::move(path)) {}

    static std::string escape(std::string_view key) {
        std::string out;
        for (const char c : key) {
            if (c == '~')
                out += "~0";
            else if (c == '/')
                out += "~1";
            else
                out.push_back(c);
        }
        return out;
    }
    template <class T>
    Result<T> named(Result<T> result) const {
        if (!result) return refuse(result.error().message);
        return result;
    }
    [[nodiscard]] Error wanted(std::string_view what) const {
        if (!present()) return refuse("missing, want ", what);
        const bool scalar = value_->is(Json::Kind::string) || value_->is(Json::Kind::number);
        return refuse("got ", scalar ? cat("\"", clip(value_->text(), 60), "\"") : std::string(value_->kind_name()),
                      ", want ", what);
    }
    template <class Text>
    Result<std::int64_t> in_range(std::int64_t value, std::int64_t least, std::int64_t most, Text text) const {
        if (value >= least && value <= most) return value;
        return refuse("got ", text(value), ", want ", text(least), " .. ", text(most));
    }

    const Json* value_;
    std::string path_;
};

}  // namespace stipend
