// The engine under a virtual clock, with the real payment policy and a real ledger on disk. Events happen in order of
// time; nothing waits.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "../payment/payment_fixture.hpp"
#include "host/engine/engine.hpp"
#include "host/ledger/ledger.hpp"
#include "stipend/duration.hpp"
#include "stipend/record.hpp"

namespace engine_test {

using namespace stipend;
using namespace stipend::engine;
using payment_test::make_policy;
using plugin::testing::TempFolder;

inline constexpr std::int64_t second = ns_per_s;
inline constexpr stipend_unix_ns start_of_time = 1'800'000'000 * second;

inline Usd dollars(std::int64_t count) {
    return Usd::of_e8(count * e8);
}

inline JobResult good(const char* percent) {
    JobResult result;
    result.outcome = STIPEND_JOB_OK;
    result.flags = STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED;
    result.reported_ppm = *percent_to_ppm(percent);
    result.evidence = {.http_status = 200, .served_by = "https://o:1", .latency_ns = 1000, .window_s = 60};
    return result;
}
inline JobResult bad(std::string why = "reset") {
    JobResult result;
    result.outcome = STIPEND_JOB_FAILED;
    result.flags = STIPEND_RESULT_ANSWERED;
    result.reason = std::move(why);
    return result;
}
inline JobResult unknown(std::string why = "gateway down") {
    JobResult result;
    result.outcome = STIPEND_JOB_UNKNOWN;
    result.reason = std::move(why);
    return result;
}

struct Setup {
    std::int64_t interval_ns = 60 * second;
    std::int64_t base_usd_e8 = 10 * e8;
    std::string policy = "{}";
    std::string plugin = "payment";
    std::optional<ledger::DemandRules> demand = {};
    std::uint32_t memory_version = 1;
    DispatchRules dispatch;
    AccrualLimits limits{dollars(20'000), dollars(1'000'000)};
    FeeLimits fees{wei_of(Eth::of_gwei(10'000'000)), wei_of(Eth::of_gwei(100'000'000))};
    PriceRules price{dollars(100), dollars(100'000), 2'000'000, 3600 * second};  // of the first network
    std::vector<NetworkTerms> networks = {{.price_every_ns = 60 * second}};
};

inline registry::Payee payee(const std::string& key) {
    registry::Payee out;
    out.key = key;
    out.address = "https://" + key + ":9995";
    return out;
}

inline std::vector<registry::Payee> payees(int count) {
    std::vector<registry::Payee> out;
    for (int i = 1; i <= count; ++i) out.push_back(payee("o" + std::to_string(i)));
    return out;
}

class Simulation final : public Effects, public Reporter {
  public:
    struct Line {
        stipend_unix_ns at;  // when it became durable
        std::string key;
        ledger::Decision decision;
    };

    // How a job ends, and after how long.
    std::function<std::pair<JobResult, std::int64_t>(const registry::Payee&, const JobSpec&, stipend_unix_ns now)>
        answer = [](const registry::Payee&, const JobSpec&, stipend_unix_ns) {
            return std::pair{good("100"), second / 10};
        };
    // What a job's dispatcher reserves before it sends the job; nothing: the job is free. Where a reservation is
    // refused, the job ends as unknown; else as `answer` says, and its result is what is changed here first.
    std::function<std::vector<SignedWei>(const registry::Payee&, const JobSpec&)> price;
    struct Reservation {
        std::string key;
        stipend_unix_ns asked_at;
        stipend_unix_ns answered_at;
        Result<void> answer;
    };
    std::vector<Reservation> reservations;  // in the order of their answers
    std::size_t sent = 0;                   // jobs that were sent, at a price or free

    std::function<Result<Quote>(stipend_unix_ns)> quote = [](stipend_unix_ns now) {
        return Quote{2000 * e8, now, 0, "test"};
    };
    // Of the network at that place.
    std::function<Result<Quote>(std::size_t, stipend_unix_ns)> quote_of = [this](std::size_t, stipend_unix_ns now) {
        return quote(now);
    };

    std::int64_t commit_takes_ns = second / 1000;
    // What another program does to the ledger, asked before each commit.
    std::function<Result<void>(stipend_unix_ns)> hindrance = [](auto) { return Result<void>(); };
    PayerJobs calls;                               // what the payer has asked for beside its checks
    std::map<std::string, uptime::Observed> seen;  // what the host's own monitors saw, by payee

    std::vector<Line> decisions;
    std::vector<Alert> alerts;
    std::vector<std::pair<std::string, stipend_unix_ns>> holds;
    std::vector<std::pair<stipend_unix_ns, JobSpec>> jobs;
    std::size_t most_in_flight = 0;
    std::size_t largest_batch = 0;  // rows of one kind in one transaction

    explicit Simulation(stipend_unix_ns at = start_of_time) : now_(at) { open(); }

    // The process ends here and starts again `away_ns` later: what was under way is lost.
    void restart(std::int64_t away_ns) {
        engine_.reset();
        ledger_.reset();
        events_.clear();
        now_ += away_ns;
        open();
    }

    std::shared_ptr<Generation> generation(const Setup& setup) {
        auto out = std::make_shared<Generation>();
        out->interval_ns = setup.interval_ns;
        out->common = {Usd::of_e8(setup.base_usd_e8), 0};
        const auto terms = stipend::make_terms(setup.interval_ns, setup.base_usd_e8);
        out->policies = {make_policy(setup.policy, terms, setup.plugin)};
        out->demand = setup.demand;
        out->networks = setup.networks;
        out->networks.front().price = setup.price;
        out->dispatch = setup.dispatch;
        out->limits = setup.limits;
        out->fees = setup.fees;
        out->row = {.policy = out->policies.front()->plugin_id(),
                    .version = "1",
                    .revision = 1,
                    .memory_version = setup.memory_version,
                    .so_sha256 = "00",
                    .config = setup.policy,
                    .terms = std::to_string(setup.interval_ns)};
        return out;
    }
    // `networks`: by payee, the place of its network; none: all are on the first.
    Result<ledger::GenerationId> install(const Setup& setup, std::optional<std::vector<registry::Payee>> who = {},
                                         std::vector<std::uint8_t> networks = {}) {
        auto installed = engine_->install({generation(setup), std::move(who), {}, std::move(networks)}, now_);
        if (!installed) return installed;
        engine_->tick(now_);
        return installed;
    }

    void run_until(stipend_unix_ns end) {
        while (true) {
            const auto wake = engine_->next_wakeup(now_);
            const auto event =
                events_.empty() ? std::optional<stipend_unix_ns>() : std::optional(events_.begin()->first.first);
            const bool is_event = event && (!wake || *event <= *wake);
            if (!is_event && !wake) break;
            const auto next = std::max(now_, is_event ? *event : *wake);
            if (next > end) break;
            now_ = next;
            if (is_event) {
                auto work = std::move(events_.begin()->second);
                events_.erase(events_.begin());
                work();
            } else {
                engine_->tick(now_);
            }
        }
        now_ = end;
    }
    void run_for(std::int64_t ns) { run_until(now_ + ns); }

    Engine& engine() { return *engine_; }
    ledger::Ledger& ledger() { return *ledger_; }
    [[nodiscard]] stipend_unix_ns now() const { return now_; }
    [[nodiscard]] std::vector<Line> of(const std::string& key) const {
        std::vector<Line> out;
        for (const auto& line : decisions) {
            if (line.key == key) out.push_back(line);
        }
        return out;
    }
    ledger::EngineState state(const std::string& key) { return engine_->state_of(*engine_->payees().find(key)); }
    [[nodiscard]] int raised(const std::string& id) const {
        int count = 0;
        for (const auto& alert : alerts) count += alert.id == id && !alert.resolved ? 1 : 0;
        return count;
    }
    [[nodiscard]] bool active(const std::string& id) const { return engine_->alerts().active(id); }
    // What the ledger holds agrees with itself, whatever happened.
    void check_ledger() {
        const auto report = ledger_->verify({});
        REQUIRE(report.ok());
        for (const auto& finding : report->findings) MESSAGE(finding.row << ": " << finding.what);
        CHECK(report->clean());
    }

  private:
    void open() {
        auto opened = ledger::open(ledger::database_file(folder_.path()), {.ns = {ledger::Mode::dry_run, 42161}});
        REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.error().message));
        ledger_ = std::move(opened).value();
        auto state = ledger_->load_state();
        REQUIRE_MESSAGE(state.ok(), (state.ok() ? "" : state.error().message));
        engine_ = std::make_unique<Engine>(*this, *this, std::move(state).value(), now_);
    }
    void after(std::int64_t delay_ns, std::function<void()> work) {
        events_.emplace(std::pair{now_ + delay_ns, ++order_}, std::move(work));
    }

    void submit(const JobSpec& job, const registry::Payee& who) override {
        jobs.emplace_back(now_, job);
        most_in_flight = std::max(most_in_flight, engine_->in_flight());
        const auto wanted = price ? price(who, job) : std::vector<SignedWei>();
        if (wanted.empty()) return send(job, who);
        after(0, [this, job, who, wanted] { reserve(job, who, wanted, 0); });
    }
    void send(const JobSpec& job, const registry::Payee& who) {
        ++sent;
        auto [result, delay] = answer(who, job, now_);
        if (delay < 0) return;  // never
        after(delay, [this, token = job.token, result = std::move(result)] { engine_->job_done(token, result, now_); });
    }
    // Reserves one amount after the other, then sends the job.
    void reserve(const JobSpec& job, const registry::Payee& who, const std::vector<SignedWei>& wanted, std::size_t at) {
        const auto asked_at = now_;
        engine_->reserve_fee(
            job.token, wanted[at],
            [this, job, who, wanted, at, asked_at](const Result<void>& answered) {
                reservations.push_back({who.key, asked_at, now_, answered});
                after(0, [this, job, who, wanted, at, answered] {
                    if (!answered) {
                        auto refused = unknown(answered.error().message);
                        refused.fee = SignedWei();
                        return engine_->job_done(job.token, refused, now_);
                    }
                    if (at + 1 < wanted.size()) return reserve(job, who, wanted, at + 1);
                    send(job, who);
                });
            },
            now_);
    }
    void commit(std::shared_ptr<const ledger::Batch> batch) override {
        largest_batch = std::max({largest_batch, batch->added.size(), batch->changed.size(), batch->decisions.size(),
                                  batch->gaps_opened.size(), batch->fees.size()});
        after(commit_takes_ns, [this, batch] {
            auto done = hindrance(now_);
            if (done) {
                done = ledger_->commit(*batch);
                if (!done) MESSAGE(done.error().message);
            }
            engine_->committed(done, now_);
        });
    }
    [[nodiscard]] std::optional<uptime::Observed> observed(const registry::Payee& payee, stipend_unix_ns,
                                                           stipend_unix_ns) const override {
        const auto found = seen.find(payee.key);
        return found == seen.end() ? std::nullopt : std::optional(found->second);
    }
    [[nodiscard]] PayerJobs payer_jobs(stipend_unix_ns) const override { return calls; }
    void fetch_price(std::size_t network) override {
        after(0, [this, network] { engine_->price_done(network, quote_of(network, now_), now_); });
    }
    void alert(const Alert& alert) override { alerts.push_back(alert); }
    void decided(const registry::Payee& who, const ledger::Decision& decision, const ledger::Network&,
                 stipend_unix_ns) override {
        decisions.push_back({now_, who.key, decision});
    }
    void held(const registry::Payee& who, std::uint64_t, std::string_view, stipend_unix_ns next_at) override {
        holds.emplace_back(who.key, next_at);
    }

    TempFolder folder_;
    stipend_unix_ns now_;
    std::uint64_t order_ = 0;
    std::map<std::pair<stipend_unix_ns, std::uint64_t>, std::function<void()>> events_;
    std::unique_ptr<ledger::Ledger> ledger_;
    std::unique_ptr<Engine> engine_;
};

}  // namespace engine_test
