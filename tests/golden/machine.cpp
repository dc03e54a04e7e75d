#include "machine.hpp"

#include "host/base/keccak.hpp"

namespace golden {
namespace {

std::uint64_t fnv(std::string_view text) {
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return hash;
}

// The order of the numbers in a line of kind 's'.
enum SetupField : std::uint8_t {
    interval,
    price_every,
    in_flight,
    host_step,
    host_burst,
    own_step,
    own_burst,
    own_limit,
    all_limit,
    price_min,
    price_max,
    price_step,
    price_age,
    memory_version,
    version,
    setup_fields
};

}  // namespace

void Machine::take(const Line& line) {
    if (std::string_view("xyqs").find(line.kind) != std::string_view::npos) return define(line);
    const auto& n = line.numbers;
    if (line.kind == 'k') {
        REQUIRE(n == expectation().numbers);
        return;
    }
    REQUIRE(!n.empty());
    asked_ = {};
    if (line.kind == 'o' && n[0] < 0) ++totals_.clock_set_back;
    now_ += n[0];
    switch (line.kind) {
        case 'o':
            return open();
        case 'g':
            return install(line);
        case 't':
            return engine_->tick(now_);
        case 'j':
            return job_done(line);
        case 'c':
            return commit_done(n.at(1));
        case 'p':
        case 'P':
            return price_done(line);
        case 'v':
            if (n.at(2) < 0) {
                seen_.erase(identity(n[1]).key);
            } else {
                seen_[identity(n[1]).key] = {static_cast<std::uint32_t>(n[2]), static_cast<std::uint32_t>(n.at(3))};
            }
            return;
        case 'a':
            return engine_->raise({.id = text(n.at(1)),
                                   .severity = static_cast<std::int32_t>(n.at(2)),
                                   .text = text(n.at(3)),
                                   .at = now_});
        case 'r':
            return engine_->resolve(text(n.at(1)), now_);
        case 'd':
            return engine_->drain();
        default:
            FAIL("unknown line: " << print(line));
    }
}

void Machine::define(const Line& line) {
    const auto& n = line.numbers;
    if (line.kind == 'x') {
        texts_.push_back(line.text);
    } else if (line.kind == 'y') {
        registry::Payee payee;
        payee.key = text(n.at(0));
        payee.address = text(n.at(1));
        payee.service_addresses = text(n.at(2));
        payee.capability = text(n.at(3));
        payee.payout_address = text(n.at(4));
        payee.worker_key = text(n.at(5));
        identities_.push_back(std::move(payee));
    } else if (line.kind == 'q') {
        engine::JobResult result;
        result.outcome = static_cast<std::int32_t>(n.at(0));
        result.flags = static_cast<std::uint32_t>(n.at(1));
        if (n.at(2) >= 0) result.reported_ppm = static_cast<std::uint32_t>(n[2]);
        result.reason = text(n.at(3));
        result.evidence = {.http_status = static_cast<std::int32_t>(n.at(4)),
                           .served_by = text(n.at(5)),
                           .latency_ns = n.at(6),
                           .window_s = static_cast<std::uint32_t>(n.at(7))};
        if (n.at(8) >= 0) {
            result.evidence.body_head = text(n[8]).substr(0, ledger::max_body_head_bytes);
            result.evidence.body_hash = keccak256(text(n[8]));
        }
        results_.push_back(std::move(result));
    } else {
        Setup setup;
        REQUIRE(n.size() > setup_fields);
        setup.numbers.assign(n.begin(), n.begin() + setup_fields);
        for (std::size_t at = setup_fields; at + 1 < n.size(); at += 2) {
            setup.policies.emplace_back(text(n[at]), n[at + 1]);
        }
        setups_.push_back(std::move(setup));
    }
}

void Machine::open() {
    if (engine_) ++totals_.restarts;
    engine_.reset();
    ledger_.reset();
    open_jobs_.clear();
    batch_.reset();
    price_asked_ = false;
    auto opened = ledger::open(file_, {.ns = {ledger::Mode::dry_run, 42161}});
    REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.error().message));
    ledger_ = std::move(opened).value();
    auto state = ledger_->load_state();
    REQUIRE_MESSAGE(state.ok(), (state.ok() ? "" : state.error().message));
    engine_ = std::make_unique<engine::Engine>(*this, *this, std::move(state).value(), now_);
}

std::shared_ptr<const plugin::PolicyInstance> Machine::policy(const std::string& config, const stipend_terms& terms) {
    static const auto payment = payment_test::load_payment();
    auto made =
        plugin::PolicyInstance::create(*payment.library->entry, *payment.plugin, "payment.so", "golden", config, terms);
    REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().message));
    return std::move(made).value();
}

std::shared_ptr<engine::Generation> Machine::generation(std::size_t number) {
    const auto& setup = setups_.at(number);
    const auto& n = setup.numbers;
    auto out = std::make_shared<engine::Generation>();
    out->interval_ns = n[interval];
    out->common = {Usd::of_e8(setup.policies.at(0).second), 0};
    for (const auto& [config, base] : setup.policies) {
        out->policies.push_back(policy(config, make_terms(n[interval], base)));
    }
    out->networks = {{.price = {Usd::of_e8(n[price_min]), Usd::of_e8(n[price_max]), n[price_step], n[price_age]},
                      .price_every_ns = n[price_every]}};
    out->dispatch = {
        static_cast<std::size_t>(n[in_flight]), {n[host_step], n[host_burst]}, {n[own_step], n[own_burst]}};
    out->limits = {Usd::of_e8(n[own_limit]), Usd::of_e8(n[all_limit])};
    out->row = {.policy = "org.stipend.payment",
                .version = std::to_string(n[version]),
                .revision = 1,
                .memory_version = static_cast<std::uint32_t>(n[memory_version]),
                .so_sha256 = "00",
                .config = setup.policies.at(0).first,
                .terms = cat("setup ", number)};
    return out;
}

void Machine::install(const Line& line) {
    const auto& n = line.numbers;
    const auto setup = static_cast<std::size_t>(n.at(1));
    engine::ConfigUpdate update{generation(setup), std::nullopt, {}};
    if (n.size() > 2) {
        update.payees.emplace();
        bool all_common = true;
        for (std::size_t at = 2; at + 1 < n.size(); at += 2) {
            const auto terms = static_cast<std::uint32_t>(n[at + 1]);
            update.payees->push_back(identity(n[at]));
            update.own.push_back({Usd::of_e8(setups_[setup].policies.at(terms).second), terms});
            all_common = all_common && terms == 0;
        }
        if (all_common) update.own.clear();
    }
    const auto installed = engine_->install(std::move(update), now_);
    installed ? ++totals_.installed : ++totals_.refused;
    note(installed ? cat("published ", *installed) : "refused: " + installed.error().message);
    engine_->tick(now_);
}

void Machine::job_done(const Line& line) {
    const auto& n = line.numbers;
    const auto& key = identity(n.at(1)).key;
    const auto payee = engine_->payees().find(key);
    REQUIRE(payee.has_value());
    auto attempt = n.size() > 3 ? static_cast<std::uint32_t>(n[3]) : 0;
    if (n.size() > 3) {
        ++totals_.stray;
    } else {
        const auto job = open_jobs_.find(key);
        REQUIRE_MESSAGE(job != open_jobs_.end(), "no job was sent: " << key);
        attempt = job->second.attempt;
        open_jobs_.erase(job);
    }
    engine_->job_done({*payee, attempt}, results_.at(static_cast<std::size_t>(n.at(2))), now_);
}

void Machine::commit_done(std::int64_t how) {
    REQUIRE_MESSAGE(batch_ != nullptr, "nothing was handed over to be written");
    if (how == 1) {
        ++totals_.busy;
        batch_.reset();
        return engine_->committed(fail(STIPEND_E_BUSY, "another program holds the database"), now_);
    }
    const auto batch = std::exchange(batch_, nullptr);
    if (how != 2) {
        const auto done = ledger_->commit(*batch);
        REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
        ++totals_.commits;
        totals_.gaps += batch->gaps_opened.size();
    }
    if (how == 0) return engine_->committed({}, now_);
    ++totals_.failed;
    engine_->committed(fail(STIPEND_E_UNAVAILABLE, "the disk failed"), now_);
}

void Machine::price_done(const Line& line) {
    const auto& n = line.numbers;
    REQUIRE_MESSAGE(price_asked_, "no price was asked for");
    price_asked_ = false;
    ++totals_.prices;
    if (line.kind == 'P') {
        ++totals_.failed_prices;
        return engine_->price_done(0, fail(STIPEND_E_UNAVAILABLE, text(n.at(1))), now_);
    }
    const auto valid = n.at(3) == 0 ? 0 : now_ + n[3];
    engine_->price_done(0, engine::Quote{n.at(1), now_ - n.at(2), valid, text(n.at(4))}, now_);
    if (!engine_->networks().rate(0, now_)) ++totals_.refused_prices;
}

Line Machine::expectation() {
    Line out{.kind = 'k', .numbers = {notes_, static_cast<std::int64_t>(digest_ >> 1)}};
    notes_ = 0;
    digest_ = 0;
    return out;
}

void Machine::finish() {
    engine_.reset();
    const auto report = ledger_->verify({});
    REQUIRE(report.ok());
    // Only this may be found: after the clock was set back, a gap may lie on one of before.
    for (const auto& finding : report->findings) {
        CAPTURE(finding.row);
        CHECK(finding.what == "overlaps another gap of its orchestrator");
    }
    ledger_.reset();
}

// A sum, so that the order of what is asked at one instant does not count.
void Machine::note(const std::string& what) {
    ++notes_;
    digest_ += fnv(what);
}

void Machine::submit(const engine::JobSpec& job, const registry::Payee& payee) {
    note(cat("submit ", payee.key, ' ', payee.id, ' ', payee.address, ' ', job.epoch, ' ', job.token.attempt, ' ',
             job.period_from, ' ', job.period_to, ' ', job.window_s, ' ', job.known ? 1 : 0));
    const Job sent{payee.key, job.epoch, job.token.attempt};
    open_jobs_[payee.key] = sent;
    asked_.jobs.push_back(sent);
    ++totals_.jobs;
}

void Machine::commit(std::shared_ptr<const ledger::Batch> batch) {
    REQUIRE(batch_ == nullptr);
    note(cat("commit ", batch->added.size(), ' ', batch->changed.size(), ' ', batch->decisions.size(), ' ',
             batch->gaps_opened.size(), ' ', batch->gaps_closed.size(), ' ', batch->events.size()));
    batch_ = std::move(batch);
    asked_.commit = true;
}

std::optional<uptime::Observed> Machine::observed(const registry::Payee& payee, stipend_unix_ns from,
                                                  stipend_unix_ns to) const {
    ++notes_;
    digest_ += fnv(cat("observed ", payee.key, ' ', from, ' ', to));
    const auto found = seen_.find(payee.key);
    return found == seen_.end() ? std::nullopt : std::optional(found->second);
}

void Machine::fetch_price(std::size_t) {
    REQUIRE(!price_asked_);
    note("price");
    price_asked_ = true;
    asked_.price = true;
}

void Machine::alert(const engine::Alert& alert) {
    ++totals_.alerts;
    note(cat("alert ", alert.id, ' ', alert.severity, ' ', alert.text, ' ', alert.at, ' ', alert.resolved ? 1 : 0));
}

void Machine::decided(const registry::Payee& payee, const ledger::Decision& decision, const ledger::Network&,
                      stipend_unix_ns) {
    ++totals_.decisions;
    if (decision.action == ledger::Action::pay) ++totals_.paid;
    note(cat("decided ", payee.key, ' ', decision.epoch, ' ', decision.usd.count_e8(), ' ', decision.wei.text()));
}

void Machine::held(const registry::Payee& payee, std::uint64_t epoch, std::string_view why, stipend_unix_ns next_at) {
    ++totals_.held;
    note(cat("held ", payee.key, ' ', epoch, ' ', why, ' ', next_at));
}

}  // namespace golden
