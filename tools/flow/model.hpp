// What is known of each orchestrator on the way from a check to a final payment, fed by answers and events of the API.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "host/base/signed_wei.hpp"
#include "stipend/json.hpp"

namespace stipend::flow {

inline constexpr std::size_t kept_checks = 60;         // of each lane
inline constexpr std::size_t most_lanes = 20'000;      // further ones are counted only
inline constexpr std::size_t most_payouts = 10'000;    // whose sums are kept
inline constexpr std::size_t most_text_bytes = 1'024;  // of one text of an answer

// One decided check, for the uptime strip.
struct Check {
    std::uint64_t epoch = 0;
    bool answered = false;                   // the job that asked for the uptime succeeded
    bool paid = false;                       // the action is pay
    std::optional<std::int64_t> uptime_ppm;  // 0 to 1,000,000; none: not known
    std::string multiplier;                  // as the API has it: "0.95"
};

// What payouts amount to, in the asset of the newest one.
struct Payouts {
    SignedWei sent;   // reserved or on the way, and not final
    SignedWei final;  // paid for good
    std::string asset;
    std::string decimals;
};

struct Lane {
    std::string id;
    Json standing = Json::object();        // as GET .../orchestrators/{id}/status has it
    Json decision;                         // the last one, as GET .../payments has it; null: none yet
    std::deque<Check> checks;              // the newest last, without doubles, at most `kept_checks`
    std::map<std::int64_t, Json> payouts;  // by number
};

// A text of a member; "-" where it is absent or null. Never longer than `most_text_bytes`.
[[nodiscard]] std::string text_of(const Json& object, std::string_view key);
// The same on one line that is fit for a terminal.
[[nodiscard]] std::string shown(const Json& object, std::string_view key);
// A number of the API as ppm: "99.5" with 4 places is 995000. Nothing where it is none.
[[nodiscard]] std::optional<std::int64_t> scaled(const Json& object, std::string_view key, int places);

// One thread at a time.
class Model {
  public:
    // All that `GET /api/v1/livepeer/orchestrators` lists; a lane that is not in it is removed.
    void take_orchestrators(const Json& list);
    void take_orchestrator(const Json& one);
    // Parts of `GET .../payments`, in any order; decisions of unknown orchestrators and manual payments are left out.
    void take_payments(const Json& list);
    // All that `GET .../payouts` lists. `complete`: no older ones are left out.
    void take_payouts(const Json& list, bool complete);
    // An event of the stream. Returns the orchestrator whose standing it changes; empty: none.
    std::string take_event(std::string_view name, const Json& data);

    [[nodiscard]] const std::map<std::string, Lane>& lanes() const { return lanes_; }
    [[nodiscard]] const Lane* find(const std::string& id) const;
    [[nodiscard]] bool payouts_complete() const { return payouts_complete_; }
    [[nodiscard]] std::size_t left_out() const { return left_out_; }  // orchestrators beyond `most_lanes`
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] const std::string& last_alert() const { return last_alert_; }

  private:
    void take_decision(const Json& one);
    void take_payout(const Json& one);

    std::map<std::string, Lane> lanes_;
    std::size_t payouts_ = 0;
    std::size_t left_out_ = 0;
    bool payouts_complete_ = true;
    std::uint64_t events_ = 0;
    std::string last_alert_;
};

[[nodiscard]] Payouts payouts_of(const Lane& lane);
// The whole of it as one JSON document, amounts and percentages exactly as the API has them.
[[nodiscard]] Json document(const Model& model, std::string_view url, std::string_view at);

}  // namespace stipend::flow
