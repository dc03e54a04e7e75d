#include "host/engine/payout_desks.hpp"

#include <algorithm>

#include "host/base/time.hpp"
#include "host/engine/manager_plan.hpp"

namespace stipend::engine {
namespace {

// What the ledger has of one network; of one that is new to it, nothing.
ledger::OpenPayouts take(std::vector<ledger::OpenPayouts>& open, ledger::NetworkId id) {
    const auto own = std::ranges::find(open, id, &ledger::OpenPayouts::network);
    if (own != open.end()) return std::move(*own);
    return {.network = id};  // ids and nonces are those of all networks
}

bool is_true(const Json& body, std::string_view member) {
    const auto* found = body.find(member);
    return found != nullptr && found->is(Json::Kind::boolean) && found->truth();
}

}  // namespace

PayoutDesks::PayoutDesks(runtime::Host& host, Engine& engine, const config::Settings& settings,
                         std::vector<ledger::OpenPayouts> open, Restoration& restoration, std::function<void()> changed)
    : host_(host), restoration_(restoration), ledger_(settings.state, runtime::namespace_of(settings)) {
    STIPEND_ASSERT(!open.empty());
    const auto& networks = engine.networks().all();
    // Also of networks that are not configured any more: their payers may pay on others of their chains.
    for (const auto& one : open) numbering_.restore(one, one.chain_id);
    for (std::size_t place = 0; place < networks.size(); ++place) {
        desks_.push_back(std::make_unique<PayoutDesk>(host, engine, settings, place,
                                                      take(open, networks[place].terms.row.id), numbering_, changed));
        desks_.back()->set_restored(restoration_.keeps_payouts());
    }
}

void PayoutDesks::apply(const config::Settings& settings, const runtime::InstanceSet& fresh,
                        const PayoutDesk::Addresses& addresses) {
    const auto networks = config::networks_of(settings);
    for (std::size_t place = 0; place < desks_.size(); ++place) {
        desks_[place]->apply(*networks[place], fresh.at(settlement_key(*networks[place])).instance, addresses);
    }
}

void PayoutDesks::tick(stipend_unix_ns now) {
    bool resolved = false;
    for (const auto& desk : desks_) {
        desk->tick(now);
        resolved = desk->take_resolved() || resolved;
    }
    if (!resolved || desks_.size() == 1) return;
    // An orchestrator that was moved may have payouts on two networks, and one alert for both.
    for (const auto& desk : desks_) desk->raise_again(now);
}

std::optional<stipend_unix_ns> PayoutDesks::next_wakeup() const {
    std::optional<stipend_unix_ns> next;
    for (const auto& desk : desks_) {
        if (const auto due = desk->next_wakeup()) next = next ? std::min(*next, *due) : due;
    }
    return next;
}

void PayoutDesks::stop() {
    for (const auto& desk : desks_) desk->stop();
}

std::optional<Error> PayoutDesks::failure() const {
    for (const auto& desk : desks_) {
        if (desk->failure()) return desk->failure();
    }
    return std::nullopt;
}

PayoutDesk::Figures PayoutDesks::counts() const {
    PayoutDesk::Figures out;
    for (const auto& desk : desks_) {
        const auto one = desk->figures();
        out.open += one.open;
        out.held += one.held;
        out.frozen += one.frozen;
        out.paid += one.paid;
        out.returned += one.returned;
        out.without_address += one.without_address;
        out.blocked = out.blocked || one.blocked;
    }
    return out;
}

Json PayoutDesks::status() const {
    auto out = desks_.front()->status();
    if (desks_.size() == 1) return out;
    auto others = Json::array();
    for (std::size_t place = 1; place < desks_.size(); ++place) {
        others.push(Json::object()
                        .append("network", desks_[place]->name())
                        .append("chain_id", desks_[place]->network().chain_id)
                        .append("payouts", desks_[place]->status()));
    }
    return out.append("networks", std::move(others));
}

Result<PayoutDesk*> PayoutDesks::desk_of(const Json& body) {
    STIPEND_LET(id, payout_member(body));
    STIPEND_LET(history, ledger_.read([id](ledger::Ledger& ledger) { return ledger.payout(id); }));
    if (!history) return fail(STIPEND_E_INVALID, "payout ", id, ": there is none");
    const auto& network = history->line.network;
    for (const auto& desk : desks_) {
        if (desk->network_id() == network.id) return desk.get();
    }
    return fail(STIPEND_E_STATE, "payout ", id, ": it is of ", network.symbol, " on chain ", network.chain_id,
                ", which is not configured: nothing watches it");
}

Result<Json> PayoutDesks::order(const Json& body) {
    STIPEND_LET(desk, desk_of(body));
    return desk->order(body);
}

Result<Json> PayoutDesks::show(const Json& body) {
    STIPEND_LET(desk, desk_of(body));
    return desk->show(body);
}

Result<bool> PayoutDesks::accept_restored(const Json& body, bool compared) {
    STIPEND_LET(restored, host_.loop().ask([this] {
        return restoration_.keeps_payouts() ? restoration_.restored : std::optional<ledger::Restored>();
    }));
    if (!restored) return false;
    const auto* by = body.find("by");
    const ledger::RestoredAccepted row{.restored_at = restored->at,
                                       .by = by != nullptr && by->is(Json::Kind::string) ? by->text() : std::string(),
                                       .compared = compared,
                                       .at = host_.now()};
    STIPEND_TRY(host_.writer().ask([&row](ledger::Ledger& ledger) { return ledger.accept_restored(row); }));
    host_.log().warn(cat("payouts: the restored ledger pays again: ",
                         compared ? "it agrees with the chain, compared by " : "accepted by ", row.by));
    return host_.loop().ask([this, &row] {
        restoration_.accepted = row;
        for (const auto& desk : desks_) desk->set_restored(false);
        return true;
    });
}

Result<Json> PayoutDesks::reconcile(const Json& body) {
    const auto* named = body.find("network");
    const bool accepts = is_true(body, "accept_foreign");
    bool accepted = false;
    std::vector<PayoutDesk*> wanted;
    std::string names;
    for (const auto& desk : desks_) {
        names += cat(names.empty() ? "\"" : ", \"", desk->name(), "\"");
        if (named == nullptr || (named->is(Json::Kind::string) && named->text() == desk->name())) {
            wanted.push_back(desk.get());
        }
    }
    // Nothing is recorded for an order that is wrong in any part.
    if (wanted.empty()) {
        return fail(STIPEND_E_INVALID, "no such network: want one of ", names, "; the first one has no name");
    }
    if (const auto* since = body.find("since"); since != nullptr && since->is(Json::Kind::string)) {
        STIPEND_TRY(parse_utc(since->text()));
    }
    if (named == nullptr && accepts && desks_.size() > 1) {
        return fail(STIPEND_E_INVALID, "several networks are paid: want the one whose nonces are accepted");
    }
    if (is_true(body, "accept_restored")) {
        STIPEND_SET(accepted, accept_restored(body, false));
        if (!accepted) {
            return fail(STIPEND_E_CONFLICT,
                        "the ledger was not restored, or what was lost by that is accepted already");
        }
    }
    auto networks = Json::array();
    bool clean = true;
    for (auto* desk : wanted) {
        STIPEND_LET(found, desk->reconcile(body));
        const auto* agrees = found.find("clean");
        clean = clean && agrees != nullptr && agrees->truth();
        networks.push(std::move(found));
    }
    // A part that agrees says nothing of the others.
    const bool whole = wanted.size() == desks_.size() && body.find("since") == nullptr;
    if (clean && whole && !accepted) STIPEND_SET(accepted, accept_restored(body, true));
    return Json::object()
        .append("clean", clean)
        .append("restored_accepted", accepted)
        .append("networks", std::move(networks));
}

}  // namespace stipend::engine
