// Pays as the manager would, by the real ledger, settler, settlement plugin and signer; without the manager, and with a
// clock that runs faster. It is ended at any moment, by others or by itself, and started again.
//
//     soak-payer JSON      orders on its standard input, one in a line: decide, status, release, stop; events on its
//                          output. {"verify": FILE} checks a ledger instead
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <iostream>
#include <mutex>
#include <thread>

#include "host/base/thread_pool.hpp"
#include "host/http/curl_client.hpp"
#include "host/plugin/instance.hpp"
#include "host/settlement/plugin_chain.hpp"
#include "host/settlement/settler.hpp"
#include "stipend/json_parse.hpp"
#include "tests/soak/money/marked.hpp"
#include "tests/unit/ledger/faulty_disk.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace soak;

namespace {

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::_Exit(2);
}

template <class T>
T must(Result<T> result) {
    if (!result) give_up(result.error().message);
    return std::move(*result);
}

class StderrLog final : public plugin::LogSink {
  public:
    [[nodiscard]] bool enabled(std::int32_t) const override { return true; }
    void write(std::int32_t, std::string_view, std::string_view message) override {
        std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
    }
};

struct Options {
    explicit Options(Json given) : json(std::move(given)) {}
    [[nodiscard]] std::string text(const char* key) const {
        const auto* found = json.find(key);
        if (found == nullptr) give_up(cat("want the option ", key));
        return found->text();
    }
    [[nodiscard]] std::int64_t number(const char* key) const { return std::stoll(text(key)); }
    Json json;
};

Rules rules_of(const Options& options) {
    const auto wei = [&](const char* key) { return *SignedWei::parse(options.text(key)); };
    Rules out;
    out.chain_id = 42161;
    out.min_payout = wei("min_payout");
    out.max_age_ns = 365 * ns_per_day;
    out.max_fee_ppm = 500'000;
    out.max_cap = wei("max_cap");
    out.limits = {.per_payment = wei("per_payment"), .per_payee_day = wei("per_payee_day"), .per_day = wei("per_day")};
    out.mode = options.text("mode") == "batch" ? PayMode::batch : PayMode::single;
    out.batch_most = static_cast<std::uint32_t>(options.number("batch_most"));
    out.window = 16;
    out.confirmations = 3;
    out.reserve_every_ns = 4 * ns_per_s;
    out.look_every_ns = 10 * ns_per_s;
    out.resend_after_ns = 20 * ns_per_s;
    out.replace_after_ns = 40 * ns_per_s;
    out.max_reverts = 0;  // payees reject all the time
    out.max_skew_ns = 0;  // its clock is fast
    return out;
}

// Work for the thread that owns all, in the order in which it came.
class Queue {
  public:
    void post(std::function<void()> work) {
        const std::lock_guard lock(mutex_);
        works_.push_back(std::move(work));
        changed_.notify_one();
    }
    void run_until(std::chrono::steady_clock::time_point end) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_until(lock, end, [&] { return !works_.empty(); })) return;
        auto work = std::move(works_.front());
        works_.pop_front();
        lock.unlock();
        work();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> works_;
};

Faults* faults_of_hook = nullptr;  // SQLite's hook has no other way to them

int install_hook(sqlite3* database, char**, const sqlite3_api_routines*) {
    sqlite3_commit_hook(
        database,
        [](void*) {
            if (!faults_of_hook->inside.empty()) faults_of_hook->crash.pass(faults_of_hook->inside);
            return 0;
        },
        nullptr);
    return SQLITE_OK;
}

class Payer {
  public:
    Payer(const Options& options, Queue& queue, Faults& faults, std::shared_ptr<plugin::Instance> instance)
        : options_(options),
          queue_(queue),
          faults_(faults),
          plugin_chain_(std::move(instance), post(), 3 * ns_per_s),
          ledger_(must(ledger::open(options.text("ledger"), ledger_test::writer()))),
          book_(*ledger_, faults, post()),
          chain_(plugin_chain_, book_, faults) {
        auto state = must(ledger_->load_state());
        for (const auto& one : state.orchestrators) states_.push_back(one.state);
        if (states_.empty()) publish(options.number("payees"));
        faults_.recorded.load(state.payouts.front());
        faults_.crash.pass("loaded");
        settler_ = std::make_unique<Settler>(rules_of(options), chain_, book_, numbering_, state.payouts.front());
    }

    void obey(const std::string& order) {
        if (order == "decide") return decide();
        if (order == "status") return tell("status");
        if (order == "release") releasing_ = true;
        if (order == "stop") stopping_ = true;
    }
    [[nodiscard]] bool stopping() const { return stopping_; }

    void run() {
        if (releasing_ && !settler_->busy()) release();
        settler_->run(now());
    }

    void tell(const char* event) const {
        std::map<std::string, std::int64_t> counts;
        std::string reason;
        for (const auto& [id, payout] : settler_->payouts()) {
            ++counts[std::string(ledger::payout_state_name(payout.state))];
            if (!payout.reason.empty()) reason = payout.reason;
        }
        auto payouts = Json::object();
        for (const auto& [name, count] : counts) payouts.set(name, count);
        std::cout << Json::object()
                         .set("event", event)
                         .set("payouts", std::move(payouts))
                         .set("slots", settler_->slots().size())
                         .set("block", settler_->block().id)
                         .set("text", settler_->block().text)
                         .set("reason", reason)
                         .dump()
                  << std::endl;
    }

  private:
    [[nodiscard]] Post post() {
        return [this](std::function<void()> work) { queue_.post(std::move(work)); };
    }

    // Runs faster than the machine's, from a time that is behind all decisions; the runner has it jump.
    [[nodiscard]] stipend_unix_ns now() const {
        const auto real =
            std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
                .count();
        return options_.number("from_ns") + (real - options_.number("real_ns")) * options_.number("speed");
    }

    void publish(ledger::OrchestratorId count) {
        ledger::Batch batch;
        batch.generations.push_back(ledger_test::generation(1));
        for (ledger::OrchestratorId id = 1; id <= count; ++id) {
            batch.added.push_back(ledger_test::orchestrator(id));
            states_.push_back(batch.added.back().state);
        }
        if (const auto done = ledger_->commit(batch); !done) give_up(done.error().message);
    }

    void decide() {
        ledger::Batch batch;
        for (std::size_t at = 0; at < states_.size(); ++at) {
            const auto id = static_cast<ledger::OrchestratorId>(at + 1);
            batch.decisions.push_back(
                ledger_test::next_decision(id, states_[at], id % 7 != 0 || states_[at].epoch % 2 != 0));
        }
        if (const auto done = book_.write("decide", batch); !done) give_up(done.error().message);
        for (std::size_t at = 0; at < states_.size(); ++at) states_[at] = batch.decisions[at].after;
        tell("decided");
    }

    // All that is held; what is still refused is held again.
    void release() {
        for (const auto& [id, payout] : settler_->payouts()) {
            if (payout.state != ledger::PayoutState::held) continue;
            return settler_->release(id, "soak", [this](Result<void> released) {
                if (released) release();
            });
        }
        releasing_ = false;
    }

    const Options& options_;
    Queue& queue_;
    Faults& faults_;
    PluginChain plugin_chain_;
    std::unique_ptr<ledger::Ledger> ledger_;
    MarkedBook book_;
    MarkedChain chain_;
    std::vector<ledger::EngineState> states_;
    settlement::Numbering numbering_;
    std::unique_ptr<Settler> settler_;
    bool releasing_ = false;
    bool stopping_ = false;
};

void fail_disk(const Options& options, ledger_test::FaultyDisk& disk) {
    const auto fault = options.text("disk");
    if (fault.empty()) return;
    const auto after = static_cast<int>(options.number("disk_after"));
    disk.set(fault == "full" ? ledger_test::Fault::full : ledger_test::Fault::sync_log, after);
}

void pay(const Options& options, std::shared_ptr<plugin::Instance> instance) {
    Faults faults;
    faults.crash = CrashPoint(options.text("crash"), static_cast<int>(options.number("crash_n")));
    faults.wrong = wrong_of(options.text("wrong"));
    faults_of_hook = &faults;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(install_hook));
    ledger_test::FaultyDisk disk;
    Queue queue;
    Payer payer(options, queue, faults, std::move(instance));
    fail_disk(options, disk);
    payer.tell("running");
    // Ends with the process: it waits for a line that may never come.
    std::thread([&] {
        for (std::string line; std::getline(std::cin, line);) {
            queue.post([&payer, line] { payer.obey(line); });
        }
        queue.post([&payer] { payer.obey("stop"); });
    }).detach();
    const auto step = std::chrono::milliseconds(20);
    while (!payer.stopping()) {
        payer.run();
        queue.run_until(std::chrono::steady_clock::now() + step);
    }
    payer.tell("stopped");
    std::_Exit(0);
}

int verify(const std::string& file) {
    const auto ledger = must(ledger::open(file, ledger_test::reader()));
    const auto report = must(ledger->verify({}));
    for (const auto& one : report.findings) std::cout << one.row << ": " << one.what << std::endl;
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) give_up("want options as JSON");
    const Options options(must(parse_json(argv[1])));
    if (options.json.find("verify") != nullptr) return verify(options.text("verify"));
    const SystemClock clock;
    StderrLog log;
    const auto pool = must(ThreadPool::create(2, "pool"));
    const auto client = must(http::CurlClient::create());
    plugin::Loader loader(
        {options.text("plugins"), options.text("staging"), {.program = options.text("probe"), .timeout_ms = 30'000}});
    const auto chosen = must(loader.load({.plugin = "ethereum", .id = {}, .sha256 = {}}));
    const plugin::ControlScope control;
    auto instance = must(plugin::Instance::create(
        chosen, "payer", options.json.find("config")->dump(), make_terms(60 * ns_per_s, 10'00000000),
        {.clock = &clock, .executor = pool.get(), .http = client.get(), .log = &log}));
    if (const auto started = instance->start(); !started) give_up(started.error().message);
    pay(options, std::move(instance));
}
