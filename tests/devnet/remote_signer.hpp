// The payer's remote signer: hands out payments for live runners, and refuses as a real one does. It signs no ticket; a
// payment is a number that the orchestrators of the same process know.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "stipend/json.hpp"
#include "stipend/result.hpp"
#include "tests/devnet/account.hpp"
#include "tests/devnet/message.hpp"
#include "tests/devnet/settings.hpp"

namespace stipend::devnet {

enum class SignerFaultKind : std::uint8_t {
    none,
    down,        // its listener is closed
    hang,        // no answer
    error,       // every route answers this status
    pay_error,   // only payments do
    refresh,     // 480: the parameters are stale, `times` times
    ceiling,     // 481
    not_needed,  // 482
    forged,      // its identity is signed by another key
};

struct SignerFault {
    SignerFaultKind kind = SignerFaultKind::none;
    int status = 500;
    std::uint32_t times = 0;  // of `refresh`; 0: always
};

// Reads `"down"` or `{"kind":"error","status":503}`. INVALID names what is unknown.
[[nodiscard]] Result<SignerFault> parse_signer_fault(const Json& json);

// What an orchestrator demands for one call or session.
struct Demand {
    std::uint32_t orchestrator = 0;
    std::int64_t price_wei = 0;  // of a unit
    std::string unit = "fixed";
    std::string manifest_id;
};

// How many units the first payment covers: one call, 10 s, or 60 s of 720p.
[[nodiscard]] std::int64_t first_units(std::string_view unit);

// An error in the shape of signer and orchestrator: {"error":{"message":".."}}.
[[nodiscard]] Reply error_object(int status, std::string_view message);

// Not thread-safe: the Network calls it under its lock.
class RemoteSigner {
  public:
    static constexpr std::size_t max_payments = 100'000;  // that are remembered; the oldest go first
    static constexpr std::int64_t max_tickets = 100;

    // Both outlive it.
    RemoteSigner(const Account& account, const Settings& settings) : account_(account), settings_(settings) {}

    // Whether a path is one of its routes.
    [[nodiscard]] static bool owns(std::string_view path);
    [[nodiscard]] Reply handle(const Request& request);

    // The `payment_params` of a 402.
    [[nodiscard]] std::string params_of(const Demand& demand) const;
    // The orchestrator's look at a payment; none: it is good, and used from now on.
    [[nodiscard]] std::optional<Reply> spend(const std::string& payment, const std::string& segment,
                                             const Demand& demand);

    void apply(const SignerFault& fault) { fault_ = fault; }
    [[nodiscard]] const SignerFault& fault() const { return fault_; }
    [[nodiscard]] Json state() const;

  private:
    struct Made {
        Demand demand;
        bool used = false;
    };
    [[nodiscard]] Reply identity();
    [[nodiscard]] Reply pay(const Request& request);
    [[nodiscard]] Made* find(std::string_view id);

    const Account& account_;
    const Settings& settings_;
    SignerFault fault_;
    std::deque<Made> made_;
    std::uint64_t first_ = 0;  // the number of the first of them
    std::uint64_t identified_ = 0, paid_ = 0, refused_ = 0, spent_ = 0, replayed_ = 0;
};

}  // namespace stipend::devnet
