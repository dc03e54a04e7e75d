#include "host/engine/payout_desk.hpp"

#include <algorithm>

#include "host/base/time.hpp"
#include "host/config/asset_amount.hpp"
#include "host/ledger/payout_json.hpp"
#include "host/settlement/waiting.hpp"
#include "stipend/ascii.hpp"
#include "stipend/hex.hpp"

namespace stipend::engine {
namespace {

using ledger::PayoutState;

constexpr std::size_t listed_without_address = 5;

}  // namespace

settlement::Rules payout_rules(const config::PaidNetwork& network, ledger::NetworkId id) {
    const auto& payouts = network.payouts;
    settlement::Rules out;
    out.chain_id = static_cast<std::uint64_t>(network.chain_id);
    out.network = id;
    out.token = network.asset.is_token();
    out.max_fee = wei_of(payouts.max_fee);
    // They were checked when the configuration was loaded.
    const auto units = [&](const std::string& amount) {
        const auto parsed = config::units_of(amount, network.asset);
        return parsed ? *parsed : SignedWei();
    };
    out.min_payout = units(payouts.min);
    out.max_age_ns = payouts.max_age_ns;
    out.max_fee_ppm = static_cast<std::uint32_t>(payouts.max_fee_ppm);
    out.max_cap = wei_of(payouts.max_gas_price);
    out.limits = {.per_payment = units(payouts.per_payment),
                  .per_payee_day = units(payouts.per_payee_day),
                  .per_day = units(payouts.per_day)};
    out.max_day_factor = static_cast<std::uint32_t>(payouts.max_day_factor);
    out.mode = payouts.mode == config::PayMode::single  ? settlement::PayMode::single
               : payouts.mode == config::PayMode::batch ? settlement::PayMode::batch
                                                        : settlement::PayMode::automatic;
    out.batch_most = static_cast<std::uint32_t>(payouts.batch_most);
    out.confirmations = static_cast<std::uint64_t>(payouts.confirmations);
    out.reserve_every_ns = payouts.every_ns;
    out.look_every_ns = payouts.look_every_ns;
    out.resend_after_ns = payouts.resend_after_ns;
    out.replace_after_ns = payouts.replace_after_ns;
    out.stopped = payouts.stopped == config::Stopped::yes;
    return out;
}

PayoutDesk::PayoutDesk(runtime::Host& host, Engine& engine, const config::Settings& settings, std::size_t place,
                       ledger::OpenPayouts open, settlement::Numbering& numbering, std::function<void()> changed)
    : host_(host),
      engine_(engine),
      place_(place),
      name_(terms().name),
      network_id_(terms().row.id),
      ledger_(settings.state, runtime::namespace_of(settings)),
      changed_(std::move(changed)),
      settler_(payout_rules(*config::networks_of(settings).at(place), network_id_), chain_, *this, numbering,
               std::move(open)) {}

void PayoutDesk::apply(const config::PaidNetwork& settings, std::shared_ptr<plugin::Instance> instance,
                       Addresses addresses) {
    auto rules = payout_rules(settings, network_id_);
    rules.stopped = rules.stopped || stopped_;
    rules.restored = restored_;
    settler_.set_rules(std::move(rules));
    addresses_ = std::move(addresses);
    if (instance == instance_) return;
    instance_ = std::move(instance);
    next_chain_ = std::make_unique<settlement::PluginChain>(
        instance_, [&loop = host_.loop()](std::function<void()> work) { loop.post(std::move(work)); },
        chain_deadline_ns);
    take_next_chain();
}

void PayoutDesk::set_restored(bool restored) {
    restored_ = restored;
    auto rules = settler_.rules();
    rules.restored = restored;
    settler_.set_rules(std::move(rules));
}

void PayoutDesk::take_next_chain() {
    if (next_chain_ && !settler_.busy()) chain_.now = std::move(next_chain_);
}

void PayoutDesk::tick(stipend_unix_ns now) {
    if (failure_) return;
    take_next_chain();
    while (!orders_.empty() && !settler_.busy()) {
        const auto order = std::move(orders_.front());
        orders_.pop_front();
        order();
    }
    if (chain_.now) settler_.run(now);
    follow_alerts(now);
}

std::optional<stipend_unix_ns> PayoutDesk::next_wakeup() const {
    if (failure_) return std::nullopt;
    return settler_.next_wakeup();
}

void PayoutDesk::stop() {
    stopped_ = true;
    auto rules = settler_.rules();
    rules.stopped = true;
    settler_.set_rules(std::move(rules));
}

// Which are due is read first, then looked up here, then read again and reserved in one transaction.
void PayoutDesk::reserve(const settlement::Reservation& which,
                         std::function<void(Result<std::vector<ledger::Payout>>)> done) {
    host_.writer().query([this, which, done = std::move(done)](ledger::Ledger& ledger) {
        auto due = ledger.debts({.network = which.network, .at_least = which.at_least, .or_before = which.or_before});
        host_.loop().post([this, which, done, due = std::move(due)] {
            if (!due) return done(due.error());
            auto wanted = payable(which, *due);
            if (wanted.empty()) return done(std::vector<ledger::Payout>());
            host_.writer().query([this, which, done, wanted = std::move(wanted)](ledger::Ledger& book) {
                auto reserved = reserve_now(book, which, wanted);
                host_.loop().post([this, done, reserved = std::move(reserved)] {
                    written(reserved ? Result<void>() : Result<void>(reserved.error()));
                    if (reserved) report({.reserved = *reserved});
                    done(reserved);
                });
            });
        });
    });
}

std::vector<ledger::Payout> PayoutDesk::payable(const settlement::Reservation& which,
                                                const std::vector<ledger::Debt>& due) {
    std::vector<ledger::Payout> out;
    std::vector<std::string> without;
    without_address_ = 0;
    for (const auto& debt : due) {
        if (std::ranges::binary_search(which.without, debt.orchestrator)) continue;
        const auto at = engine_.payees().find(debt.orchestrator);
        if (!at) continue;
        const auto payee = engine_.payees()[*at];
        const auto to = ascii::to_lower(payee.payout_address);
        const bool proven = addresses_.may_be_paid(payee.key, to);
        const bool usable = !to.empty() && to != which.payer && to.find_first_not_of('0', 2) != std::string::npos;
        if (!proven || !usable) {
            ++without_address_;
            if (without.size() < listed_without_address) without.push_back(payee.key);
            continue;
        }
        if (out.size() == which.most) break;
        out.push_back({.orchestrator = debt.orchestrator, .to = to, .at = which.at, .network = which.network});
    }
    const auto id = alert_id("address");
    if (without.empty()) {
        engine_.resolve(id, host_.now());
    } else {
        std::string names;
        for (const auto& one : without) names += cat(names.empty() ? "" : ", ", one);
        engine_.raise({.id = id,
                       .severity = STIPEND_ALERT_WARNING,
                       .text = cat("orchestrators are owed enough to be paid, and have no payout address, or none that "
                                   "its wallet has proven: ",
                                   names),
                       .at = host_.now()});
    }
    return out;
}

Result<std::vector<ledger::Payout>> PayoutDesk::reserve_now(ledger::Ledger& ledger,
                                                            const settlement::Reservation& which,
                                                            std::vector<ledger::Payout> wanted) {
    STIPEND_LET(due,
                ledger.debts({.network = which.network, .at_least = which.at_least, .or_before = which.or_before}));
    ledger::Batch batch;
    auto next = which.first;
    for (auto& one : wanted) {
        const auto debt = std::ranges::lower_bound(due, one.orchestrator, {}, &ledger::Debt::orchestrator);
        if (debt == due.end() || debt->orchestrator != one.orchestrator) continue;  // a correction took it
        one.id = next++;
        one.wei = debt->owed;
        batch.payouts.reserved.push_back(std::move(one));
    }
    if (batch.payouts.empty()) return std::vector<ledger::Payout>();
    STIPEND_TRY(ledger.commit(batch));
    return std::move(batch.payouts.reserved);
}

void PayoutDesk::commit(const ledger::PayoutChanges& changes, std::function<void(Result<void>)> done) {
    auto batch = std::make_shared<ledger::Batch>();
    batch->payouts = changes;
    host_.writer().commit(batch, [this, batch, done = std::move(done)](Result<void> result) {
        host_.loop().post([this, batch, done, result = std::move(result)] {
            written(result);
            if (result) report(batch->payouts);
            done(result);
        });
    });
}

// A disk that fails proves nothing of what was written: the host ends, and reads it anew.
void PayoutDesk::written(const Result<void>& done) {
    moved_ = true;
    if (done) return changed_();
    const auto status = done.error().status;
    host_.log().error("payouts: " + done.error().message);
    if (status == STIPEND_E_BUSY || status == STIPEND_E_CONFLICT || status == STIPEND_E_INVALID) return;
    failure_ = done.error();
    engine_.raise(
        {.id = "ledger", .severity = STIPEND_ALERT_CRITICAL, .text = done.error().message, .at = host_.now()});
}

std::string PayoutDesk::key_of(ledger::PayoutId payout) const {
    const auto found = settler_.payouts().find(payout);
    if (found == settler_.payouts().end()) return cat("payout ", payout);
    const auto at = engine_.payees().find(found->second.row.orchestrator);
    return at ? engine_.payees().key(*at) : cat("orchestrator ", found->second.row.orchestrator);
}

void PayoutDesk::report(const ledger::PayoutChanges& changes) {
    for (const auto& one : changes.reserved) {
        const auto at = engine_.payees().find(one.orchestrator);
        host_.log().info(cat(at ? engine_.payees().key(*at) : "", "   payout ", one.id, ": ",
                             network().text_of(one.wei), " are reserved for ", one.to));
    }
    for (const auto& one : changes.attempts) {
        host_.log().info(cat("payouts: slot ", one.slot, " is signed as 0x", hex_encode(one.id), ", and bids ",
                             one.cap_wei.text(), " wei for one gas"));
    }
    for (const auto& step : changes.steps) {
        if (step.state == PayoutState::paid) ++paid_;
        if (step.state == PayoutState::returned) ++returned_;
        auto line = cat(key_of(step.payout), "   payout ", step.payout, ": ", ledger::payout_state_name(step.state));
        if (step.block != 0) line += cat(" in block ", step.block);
        if (!step.reason.empty()) line += cat(": ", step.reason);
        const bool bad = step.state == PayoutState::frozen || step.state == PayoutState::held;
        if (bad) {
            host_.log().warn(line);
        } else {
            host_.log().info(line);
        }
    }
}

// What blocks all of them, and each that only a person moves.
void PayoutDesk::follow_alerts(stipend_unix_ns now) {
    // In the middle of its questions a block may be over only until the next one fails again.
    follow_restored(now);
    if (!settler_.busy()) {
        follow_block(now);
        auto unread = settler_.unread();
        moved_ = moved_ || unread != unread_;
        unread_ = std::move(unread);
    }
    if (std::exchange(moved_, false)) follow_payouts(now);
}

// Beside whatever else keeps payouts.
void PayoutDesk::follow_restored(stipend_unix_ns now) {
    if (restored_ == restored_alert_) return;
    restored_alert_ = restored_;
    const auto id = alert_id(settlement::blocks::restored);
    if (!restored_) return engine_.resolve(id, now);
    engine_.raise({.id = id,
                   .severity = STIPEND_ALERT_CRITICAL,
                   .text = "nothing is paid: the ledger was restored from a backup, and was not compared with the "
                           "chain since: `stipend reconcile`, or `stipend reconcile --accept-restored`",
                   .at = now});
}

void PayoutDesk::follow_block(stipend_unix_ns now) {
    auto block = settler_.block();
    if (block.id == settlement::blocks::restored) block = {};  // it has its own alert
    if (block.id != block_) {
        if (!block_.empty()) engine_.resolve(alert_id(block_), now);
        block_ = block.id;
        blocked_since_ = now;
    }
    // What is no fault of a moment; another block is an alert once it has lasted.
    const bool grave = block_ == settlement::blocks::foreign || settlement::blocks::is_breaker(block_);
    if (block_.empty() || (!grave && now - blocked_since_ < settler_.rules().resend_after_ns)) return;
    engine_.raise({.id = alert_id(block_),
                   .severity = grave ? STIPEND_ALERT_CRITICAL : STIPEND_ALERT_WARNING,
                   .text = cat("no payout is bound: ", block.text, ": `stipend payouts list`"),
                   .at = now});
}

void PayoutDesk::follow_payouts(stipend_unix_ns now) {
    std::set<std::string> raised;
    for (const auto& [id, payout] : settler_.payouts()) {
        const bool frozen = payout.state == PayoutState::frozen;
        if (std::ranges::find(unread_, payout.slot) != unread_.end()) {
            const auto alert = cat("payout-unread:", key_of(id));
            raised.insert(alert);
            engine_.raise({.id = alert,
                           .severity = STIPEND_ALERT_WARNING,
                           .text = cat("what the chain says of payout ", id, " cannot be read: ",
                                       settler_.slots().at(payout.slot).unread, ": `stipend payouts show ", id, "`"),
                           .at = now});
        }
        if (!frozen && payout.state != PayoutState::held) continue;
        const auto alert = cat(frozen ? "payout-frozen:" : "payout-held:", key_of(id));
        raised.insert(alert);
        engine_.raise(
            {.id = alert,
             .severity = frozen ? STIPEND_ALERT_CRITICAL : STIPEND_ALERT_WARNING,
             .text = cat("payout ", id, " waits for a person: ", payout.reason, ": `stipend payouts show ", id, "`"),
             .at = now});
    }
    for (const auto& id : alerts_) {
        if (raised.contains(id)) continue;
        engine_.resolve(id, now);
        resolved_ = true;
    }
    alerts_ = std::move(raised);
}

PayoutDesk::Figures PayoutDesk::figures() const {
    Figures out;
    out.open = settler_.payouts().size();
    for (const auto& [id, payout] : settler_.payouts()) {
        out.held += payout.state == PayoutState::held ? 1U : 0U;
        out.frozen += payout.state == PayoutState::frozen ? 1U : 0U;
        const auto sum = out.under_way.plus(payout.row.wei);
        out.under_way = sum ? *sum : SignedWei::highest();
    }
    out.bound_today = settler_.bound_today();
    out.per_day = settler_.rules().limits.per_day;
    if (settler_.account()) out.funds = settler_.account()->funds;
    out.paid = paid_;
    out.returned = returned_;
    out.without_address = without_address_;
    out.blocked = settler_.rules().stopped || !settler_.block().id.empty();
    return out;
}

Json PayoutDesk::status() const {
    const auto all = figures();
    const auto waiting = settlement::waiting_of_all(settler_);
    const auto text_or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    return Json::object()
        .append("open", all.open)
        .append("held", all.held)
        .append("frozen", all.frozen)
        .append("open_wei", all.under_way.text())
        .append("bound_today_wei", all.bound_today.text())
        .append("limit_wei", all.per_day.text())
        .append("asset", network().symbol)
        .append("decimals", network().decimals)
        .append("payer", settler_.account() ? Json(settler_.account()->payer) : Json())
        .append("funds_wei", all.funds ? Json(all.funds->text()) : Json())
        .append("without_address", all.without_address)
        .append("waits_for", text_or_null(waiting.text))
        .append("command", text_or_null(waiting.command));
}

}  // namespace stipend::engine
