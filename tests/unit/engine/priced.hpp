// Jobs with a price, for the tests of fees.
#pragma once

#include "simulation.hpp"

namespace engine_test {

inline SignedWei fee(std::uint64_t amount) {
    return *SignedWei::parse(std::to_string(amount));
}

// Each job costs `reserved`, and reports `reported`, where there is one.
inline void charge(Simulation& sim, std::uint64_t reserved, std::optional<std::uint64_t> reported) {
    sim.price = [reserved](const auto&, const auto&) { return std::vector{fee(reserved)}; };
    sim.answer = [reported](const auto&, const auto&, auto) {
        auto result = good("100");
        if (reported) result.fee = fee(*reported);
        return std::pair{result, second / 10};
    };
}

inline Setup limited(std::uint64_t own, std::uint64_t all) {
    Setup setup;
    setup.fees = {fee(own), fee(all)};
    return setup;
}

inline std::string fees_of(Simulation& sim, std::size_t at) {
    const auto balances = sim.ledger().balances();
    REQUIRE(balances.ok());
    return (*balances)[at].fees.text();
}

inline std::string text_of(const Simulation& sim, const std::string& id) {
    for (const auto& alert : sim.alerts) {
        if (alert.id == id && !alert.resolved) return alert.text;
    }
    return {};
}

inline stipend_unix_ns midnight(int day) {
    return (start_of_time / ns_per_day + day) * ns_per_day;
}

}  // namespace engine_test
