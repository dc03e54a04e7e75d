#include "funds_watch.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace byoc {

using stipend::cat;
using stipend::Result;
using stipend::Wei;

namespace {

constexpr std::uint64_t wei_per_gwei = 1'000'000'000;
constexpr std::string_view low_alert = "deposit";
constexpr std::string_view unread_alert = "gateway-cli";

// A gauge has 64 bits, and wei in 64 bits end at 9 ETH.
std::int64_t gwei(const Wei& amount) {
    const stipend::CheckedU256 whole = amount.value() / wei_per_gwei;
    const stipend::CheckedU256 most(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(std::min(whole, most));
}

}  // namespace

FundsWatch::FundsWatch(stipend::Host host, CliEndpoint endpoint, Wei need)
    : host_(host),
      reader_(host, std::move(endpoint)),
      need_(std::move(need)),
      deposit_gwei_(stipend::Metric::gauge(host, "gateway_deposit_gwei", "The gateway's deposit")),
      reserve_gwei_(stipend::Metric::gauge(host, "gateway_reserve_gwei", "The gateway's reserve")),
      spent_gwei_(
          stipend::Metric::gauge(host, "gateway_spent_gwei", "Falls of the gateway's deposit since the start")) {}

void FundsWatch::begin() {
    timer_ = std::make_unique<stipend::Timer>(host_, 0, [this] {
        look([](const Result<Funds>&) {});
        timer_ = std::make_unique<stipend::Timer>(host_, every_ns, [this] { begin(); });
    });
}

void FundsWatch::look(FundsReader::Done done) {
    reader_.ask([this, done = std::move(done)](const Result<Funds>& funds) mutable {
        note(funds);
        done(funds);
    });
}

std::optional<std::string> FundsWatch::shortage(const Result<Funds>& funds) const {
    // A CLI port that gives no answer is no evidence.
    if (!funds || need_.zero() || !funds->too_low(need_)) return std::nullopt;
    return cat("the gateway's funds are too low: ", funds->text(), ", want ", need_.text(),
               " of each (max_price_per_second x timeout)");
}

void FundsWatch::note(const Result<Funds>& funds) {
    if (!funds) {
        host_.raise_alert(unread_alert, STIPEND_ALERT_WARNING,
                          cat("the gateway's deposit cannot be read: ", funds.error().message));
        return;
    }
    host_.resolve_alert(unread_alert);
    if (last_ && funds->deposit < last_->deposit) {
        const Wei fall(stipend::CheckedU256(last_->deposit.value() - funds->deposit.value()));
        if (auto sum = spent_.plus(fall)) spent_ = std::move(*sum);
        host_.log(STIPEND_LOG_INFO,
                  cat("the gateway's deposit fell by ", fall.text(), " wei to ", funds->deposit.text(),
                      " wei: tickets that orchestrators won, or a withdrawal"));
    }
    last_ = *funds;
    deposit_gwei_.record(gwei(funds->deposit));
    reserve_gwei_.record(gwei(funds->reserve));
    spent_gwei_.record(gwei(spent_));
    if (const auto why = shortage(funds)) {
        host_.raise_alert(low_alert, STIPEND_ALERT_CRITICAL, cat(*why, "; jobs that cost something are held"));
    } else {
        host_.resolve_alert(low_alert);
    }
}

}  // namespace byoc
