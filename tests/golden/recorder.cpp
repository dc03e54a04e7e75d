// Records a golden run: a random network with faults of all kinds, by a virtual clock, from one seed.
#include <algorithm>
#include <fstream>
#include <functional>

#include "machine.hpp"
#include "run.hpp"

namespace golden {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t second = 1000 * ms;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t start_of_time = 1'800'000'000 * second;
constexpr std::int64_t identities = 560;
constexpr std::uint64_t lines_between_expectations = 500;

// SplitMix64: the same numbers with every library.
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::int64_t below(std::int64_t bound) {
        state_ += 0x9e3779b97f4a7c15U;
        auto z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return static_cast<std::int64_t>(((z ^ (z >> 31)) >> 1) % static_cast<std::uint64_t>(bound));
    }
    bool one_in(std::int64_t count) { return below(count) == 0; }
    template <class T>
    const T& of(const std::vector<T>& choices) {
        return choices[static_cast<std::size_t>(below(static_cast<std::int64_t>(choices.size())))];
    }

  private:
    std::uint64_t state_;
};

// How an orchestrator behaves; an identity keeps its kind.
enum class Kind : std::uint8_t { good, flapping, low, bad, slow, silent, unlisted };

class Recorder {
  public:
    Recorder(const std::filesystem::path& folder, std::uint64_t decisions)
        : lines_(folder / "run.txt"), expected_(folder / "expected.txt"), decisions_(decisions) {}

    void record() {
        define();
        write({'o', {start_of_time}});
        set_payees(0, 330);
        install(true);
        later(2 * minute, [this] { disturb(); });
        std::uint64_t points = 0;
        while (machine_.totals().decisions < decisions_) {
            step();
            if (points < 9 && machine_.totals().decisions >= decisions_ * (points + 1) / 10) check_ledger(++points);
        }
        apply({'d', {0}});
        for (int i = 0; i < 2000; ++i) step();
        check_ledger(10);
        machine_.finish();
    }
    [[nodiscard]] const Machine::Totals& totals() const { return machine_.totals(); }

  private:
    // ---- what the run is made of

    std::int64_t text(const std::string& value) {
        const auto [at, fresh] = texts_.try_emplace(value, static_cast<std::int64_t>(texts_.size()));
        if (fresh) write({'x', {}, value});
        return at->second;
    }
    void define() {
        for (std::int64_t i = 0; i < identities; ++i) {
            // From 480 on: earlier ones by another name, but the same address, payout address or worker key; every
            // fourth is an earlier one by the same name and another address.
            const auto old = i < 480 ? i : (i - 480) * 5;
            const bool same_key = i >= 480 && i % 4 == 3;
            const auto named = same_key ? old : i;
            const auto part = [&](int kind, const char* prefix) {
                const bool shared = i < 480 || (!same_key && i % 4 == kind);
                return text(cat(prefix, shared ? old : i));
            };
            const auto none = text("");
            names_.push_back(cat("orch-", named));
            const auto key = text(names_.back());
            const auto address = text(cat("https://o", i < 480 || (!same_key && i % 4 == 0) ? old : i, ":9995"));
            write({'y',
                   {key, address, i % 9 == 0 ? text("https://o:1") : none, i % 11 == 0 ? text("uptime") : none,
                    i % 3 == 0 ? part(1, "0x00000000000000000000000000000000000000") : none,
                    i % 5 == 0 ? part(2, "key-") : none}});
            kinds_.push_back(kind_of(old));
        }
        define_results();
        define_setups();
    }
    Kind kind_of(std::int64_t i) {
        if (i % 23 == 7) return Kind::silent;
        if (i % 29 == 3) return Kind::unlisted;
        if (i % 17 == 5) return Kind::bad;
        if (i % 13 == 2) return Kind::slow;
        if (i % 7 == 4) return Kind::low;
        return i % 4 == 1 ? Kind::flapping : Kind::good;
    }
    void result(std::vector<std::int64_t>& list, std::int64_t outcome, std::uint32_t flags, std::int64_t ppm,
                const char* reason, std::int64_t status, std::int64_t latency, std::int64_t window, const char* body) {
        const bool answered = (flags & STIPEND_RESULT_ANSWERED) != 0;
        write({'q',
               {outcome, flags, ppm, text(reason), status, text(answered ? "https://o:1" : ""), latency, window,
                body == nullptr ? -1 : text(body)}});
        list.push_back(results_++);
    }
    void define_results() {
        const std::uint32_t reported = STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED;
        const std::uint32_t answered = STIPEND_RESULT_ANSWERED;
        const auto ok = [&](auto& list, std::int64_t ppm, std::int64_t latency, std::int64_t window) {
            result(list, STIPEND_JOB_OK, reported, ppm, "", 200, latency, window, ppm % 2 == 0 ? "{\"uptime\":1}" : "");
        };
        for (const auto latency : {80 * ms, 120 * ms, 250 * ms, 900 * ms}) {
            ok(good_, 1'000'000, latency, 60);
            ok(good_, 999'999, latency, 120);
            ok(good_, 995'001, latency, 0);
        }
        for (const std::int64_t ppm : {995'000, 990'000, 980'000, 970'001, 950'001, 950'000, 949'999, 900'000, 899'999,
                                       800'000, 700'000, 500'000, 499'999, 250'000, 1, 0}) {
            ok(low_, ppm, 200 * ms, 60);
        }
        result(low_, STIPEND_JOB_OK, answered, -1, "", 200, 70 * ms, 0, "{}");  // good, and says no uptime
        const auto bad = [&](std::uint32_t flags, const char* reason, std::int64_t status, std::int64_t latency) {
            result(bad_, STIPEND_JOB_FAILED, flags, -1, reason, status, latency, 0, status == 0 ? nullptr : reason);
        };
        bad(answered, "the orchestrator answered 500", 500, 90 * ms);
        bad(answered, "the orchestrator answered 503: capacity exceeded", 503, 40 * ms);
        bad(answered, "the answer is no JSON", 200, 60 * ms);
        bad(answered, "uptime: got 101, want 0 .. 100", 200, 60 * ms);
        bad(answered, "the signature does not match", 200, 110 * ms);
        bad(0, "no answer within 45s", 0, 45 * second);
        bad(0, "connection reset", 0, 30 * ms);
        bad(answered, std::string(300, 'r').substr(0, 255).c_str(), 502, 2 * second);
        const auto unknown = [&](auto& list, std::uint32_t flags, const char* reason, std::int64_t status) {
            result(list, STIPEND_JOB_UNKNOWN, flags, -1, reason, status, 10 * ms, 0, nullptr);
        };
        unknown(unknown_, 0, "the gateway refused the connection", 0);
        unknown(unknown_, 0, "the gateway answered 401", 401);
        unknown(unknown_, 0, "the host is stopping", 0);
        unknown(unlisted_, STIPEND_RESULT_UNLISTED, "no orchestrator of this name", 404);
        unknown(unlisted_, STIPEND_RESULT_UNLISTED | answered, "not in the gateway's list", 404);
    }
    void define_setups() {
        struct Setup {
            std::int64_t interval = minute, price_every = minute, in_flight = 256;
            std::int64_t host_step = 0, host_burst = 1, own_step = 0, own_burst = 1;
            std::int64_t own_limit = 20'000, all_limit = 100'000'000;  // USD
            std::int64_t price_age = hour;
            std::int64_t memory_version = 1, version = 1;
            std::vector<std::pair<std::string, std::int64_t>> policies = {{"{}", 10}};
        };
        const auto add = [&](const Setup& s) {
            Line line{'s',
                      {s.interval, s.price_every, s.in_flight, s.host_step, s.host_burst, s.own_step, s.own_burst,
                       s.own_limit * 100'000'000, s.all_limit * 100'000'000, 100LL * 100'000'000,
                       100'000LL * 100'000'000, 2'000'000, s.price_age, s.memory_version, s.version}};
            for (const auto& [policy, base] : s.policies) {
                line.numbers.push_back(text(policy));
                line.numbers.push_back(base * 100'000'000);
            }
            write(line);
            ++setups_;
        };
        const std::string strict =
            R"({"max_consecutive_failures":2,"recovery_checks":3,"punishment_multiplier":1.5,"max_penalty":"600s"})";
        const std::string own_table =
            R"({"table":"mine","tables":{"mine":[{"tier":"top","above":99.5,"multiplier":1.25},)"
            R"({"tier":"mid","at_least":90,"at_most":99.5,"multiplier":0.7,"delay":"30s"},)"
            R"({"tier":"none","at_least":0,"below":90,"multiplier":0,"delay":"60s","counts_as_failure":true}]}})";
        const std::string rewards = R"({"reliability_bonus":true,"failure_reduction":true,"max_penalty":"120s"})";
        const std::string mild = R"({"punishment_multiplier":1,"max_penalty":"60s"})";
        add({});
        add({.policies = {{R"({"table":"flat-95"})", 10}}});
        add({.interval = 30 * second, .policies = {{strict, 7}, {rewards, 3}}});
        add({.interval = 45 * second, .in_flight = 64, .policies = {{own_table, 1}, {mild, 2}, {own_table, 5}}});
        add({.in_flight = 40, .host_step = 50 * ms, .host_burst = 10, .policies = {{rewards, 10}}});
        add({.own_step = 90 * second, .own_burst = 2, .policies = {{mild, 4}}});
        add({.own_limit = 500, .policies = {{mild, 10}, {rewards, 11}}});
        add({.all_limit = 200'000, .policies = {{mild, 10}}});
        add({.memory_version = 2, .version = 2, .policies = {{strict, 6}}});
        add({.price_every = 20 * second, .price_age = 90 * second, .policies = {{rewards, 9}}});
        add({.interval = 2 * minute, .policies = {{R"({"min_coverage":50})", 10}, {mild, 1}}});
        add({.interval = 77 * second + 1, .host_step = 7 * ms, .host_burst = 3, .policies = {{own_table, 12}}});
        add({.in_flight = 7, .policies = {{mild, 2}}});
        add({.interval = 20 * second, .policies = {{mild, 1}, {strict, 2}, {rewards, 3}, {own_table, 4}}});
    }

    // ---- the network

    // How a job ends, and after how long; below 0: never.
    std::pair<std::int64_t, std::int64_t> answer(std::size_t identity) {
        const auto fast = (1 + random_.below(6)) * 200 * ms;
        if (now() < gateway_down_until_) return {random_.of(unknown_), fast};
        if (now() < all_fail_until_) return {bad_[0], fast};
        const auto delay = now() < slow_until_ ? fast * 40 : fast;
        switch (kinds_[identity]) {
            case Kind::flapping:
                if (random_.one_in(6)) return {random_.of(bad_), delay};
                return {random_.of(random_.one_in(5) ? low_ : good_), delay};
            case Kind::low:
                return {random_.of(low_), delay};
            case Kind::bad:
                return {random_.one_in(8) ? good_[0] : random_.of(bad_), delay};
            case Kind::slow:
                return {random_.of(good_), delay * 20};
            case Kind::silent:
                return {bad_[5], random_.one_in(40) ? -1 : 45 * second};
            case Kind::unlisted:
                return {random_.one_in(3) ? good_[1] : random_.of(unlisted_), delay};
            case Kind::good:
                break;
        }
        if (random_.one_in(60)) return {random_.of(bad_), delay};
        return {random_.one_in(4) ? random_.of(good_) : good_[0], delay};
    }
    void answer_jobs() {
        for (const auto& job : machine_.asked().jobs) {
            const auto identity = by_key_.at(job.key);
            const auto [result, delay] = answer(identity);
            if (delay >= 0) send(delay, {'j', {0, static_cast<std::int64_t>(identity), result}}, &job);
            // An answer that comes once more, or to an attempt of before.
            if (random_.one_in(2000)) {
                send(std::max(delay, second) + second * 2,
                     {'j', {0, static_cast<std::int64_t>(identity), result, job.attempt - random_.below(2)}}, nullptr);
            }
        }
    }
    void answer_commit() {
        std::int64_t how = 0;
        if (busy_ > 0) {
            how = 1;
            --busy_;
        } else if (break_disk_) {
            how = break_disk_;
            break_disk_ = 0;
        }
        const auto takes = now() < slow_disk_until_ ? 15 * second : (1 + random_.below(5)) * 700 * ms;
        send(takes, {'c', {0, how}}, nullptr);
    }
    void answer_price() {
        rate_ += (random_.below(41) - 20) * 100'000'000;
        rate_ = std::clamp<std::int64_t>(rate_, 1000LL * 100'000'000, 4000LL * 100'000'000);
        const auto source = text(random_.one_in(3) ? "second" : "first");
        if (now() < price_down_until_) {
            send(second, {'P', {0, text("no answer from the price source")}}, nullptr);
        } else if (now() < price_wild_until_) {
            const auto wild = random_.of(std::vector<std::int64_t>{0, -5, 99, 5000, 9999, 200'000});
            send(ms, {'p', {0, wild * 100'000'000, 0, 0, source}}, nullptr);
        } else {
            const auto age = random_.one_in(50) ? random_.of(std::vector<std::int64_t>{-2 * minute, 2 * hour, minute})
                                                : random_.below(5) * second;
            send(200 * ms, {'p', {0, rate_, age, random_.one_in(10) ? 40 * second : 0, source}}, nullptr);
        }
    }

    // ---- what the operator and the world do

    void set_payees(std::int64_t from, std::int64_t count) {
        configured_.clear();
        for (auto i = from; i < from + count; ++i) configured_.push_back(i);
    }
    void change_payees() {
        std::vector<bool> in(identities, false);
        std::set<std::string> names;
        for (const auto at : configured_) in[static_cast<std::size_t>(at)] = true;
        if (random_.one_in(12)) in.assign(identities, false);
        for (auto changes = 1 + random_.below(random_.one_in(4) ? 120 : 12); changes > 0; --changes) {
            const auto at = static_cast<std::size_t>(random_.below(identities));
            in[at] = !in[at];
        }
        // Another name of one that leaves, or another address.
        for (auto renames = random_.below(10); renames > 0; --renames) {
            const auto fresh = 480 + random_.below(identities - 480);
            in[static_cast<std::size_t>((fresh - 480) * 5)] = false;
            in[static_cast<std::size_t>(fresh)] = true;
        }
        configured_.clear();
        std::int64_t count = 0;
        for (std::int64_t at = identities - 1; at >= 0; --at) {
            const auto& name = names_[static_cast<std::size_t>(at)];
            const bool needed = count < 40 && at < 60;
            if ((!in[static_cast<std::size_t>(at)] && !needed) || !names.insert(name).second) continue;
            configured_.push_back(at);
            ++count;
        }
        if (random_.one_in(2)) std::reverse(configured_.begin(), configured_.end());
    }
    void install(bool with_list) {
        Line line{'g', {0, setup_}};
        if (with_list) {
            const auto own = policies_of_[static_cast<std::size_t>(setup_)];
            const bool all_common = own == 1 || random_.one_in(3);
            for (const auto at : configured_) {
                line.numbers.push_back(at);
                line.numbers.push_back(all_common ? 0 : at % own);
            }
            for (const auto at : configured_)
                by_key_[names_[static_cast<std::size_t>(at)]] = static_cast<std::size_t>(at);
        }
        apply(line);
    }
    void restart() {
        static const std::vector<std::int64_t> away{100 * ms, second,    5 * second,   2 * minute,   20 * minute,
                                                    3 * hour, 31 * hour, -30 * second, -10 * minute, -50 * hour};
        queue_.clear();
        due_ = {};
        apply({'o', {random_.of(away)}});
        busy_ = 0;
        for (auto* until : {&gateway_down_until_, &all_fail_until_, &slow_until_, &slow_disk_until_, &price_down_until_,
                            &price_wild_until_}) {
            *until = 0;
        }
        if (random_.one_in(3)) setup_ = random_.below(setups_);
        if (random_.one_in(3)) change_payees();
        install(true);
        later(minute, [this] { disturb(); });
    }
    void disturb() {
        later((20 + random_.below(260)) * second, [this] { disturb(); });
        const auto until = now() + (20 + random_.below(220)) * second;
        switch (random_.below(20)) {
            case 0:
                gateway_down_until_ = until;
                return;
            case 1:
                all_fail_until_ = now() + 70 * second;
                return;
            case 2:
                slow_until_ = until;
                return;
            case 3:
                slow_disk_until_ = until;
                return;
            case 4:
                price_down_until_ = until + (random_.one_in(3) ? hour : 0);
                return;
            case 5:
                price_wild_until_ = until;
                return;
            case 6:
                busy_ = 1 + random_.below(30);
                return;
            case 7:
            case 8:
                return see();
            case 9:
                apply({'a', {0, text("clock-set"), STIPEND_ALERT_WARNING, text("the clock was set by 20 s")}});
                return later(minute, [this] { apply({'r', {0, text("clock-set")}}); });
            case 10:  // several in a row: a fourth generation may be refused
                for (int i = 0; i < 4; ++i) {
                    setup_ = random_.below(setups_);
                    install(false);
                }
                return;
            case 11:
                break_disk_ = 2 + random_.below(2);
                return;
            case 12:
                apply({'d', {0}});
                return later(5 * second, [this] { restart(); });
            case 13:
                return restart();
            case 14:
            case 15:
                change_payees();
                return install(true);
            case 16:
                return install(false);  // the same again
            case 17:
                change_payees();
                [[fallthrough]];
            default:
                setup_ = random_.below(setups_);
                return install(random_.one_in(2));
        }
    }
    void see() {
        static const std::vector<std::pair<std::int64_t, std::int64_t>> looks{{1'000'000, 1'000'000},
                                                                              {980'000, 1'000'000},
                                                                              {940'000, 900'000},
                                                                              {0, 1'000'000},
                                                                              {1'000'000, 400'000},
                                                                              {0, 0},
                                                                              {-1, 0}};
        for (auto count = 1 + random_.below(60); count > 0; --count) {
            const auto [up, coverage] = random_.of(looks);
            apply({'v', {0, random_.of(configured_), up, coverage}});
        }
    }

    // ---- the clock

    struct Due {
        std::int64_t at;
        std::uint64_t order;
        friend auto operator<=>(const Due&, const Due&) = default;
    };
    [[nodiscard]] std::int64_t now() const { return now_; }
    void later(std::int64_t delay, std::function<void()> work) {
        queue_.emplace(Due{now() + delay, ++order_}, std::move(work));
    }
    // A line that comes later; one about a job only while that is the one that the payee waits for.
    void send(std::int64_t delay, Line line, const Machine::Job* job) {
        if (job != nullptr) due_[job->key] = job->attempt;
        later(delay, [this, line = std::move(line), job = job == nullptr ? Machine::Job() : *job] {
            if (!job.key.empty()) {
                const auto open = due_.find(job.key);
                if (open == due_.end() || open->second != job.attempt) return;
                due_.erase(open);
            }
            apply(line);
        });
    }
    void step() {
        if (machine_.failed()) {
            now_ += second;
            return restart();
        }
        const auto wake = machine_.next_wakeup();
        const auto next = queue_.begin();
        if (next != queue_.end() && (!wake || next->first.at <= *wake)) {
            now_ = std::max(now_, next->first.at);
            const auto work = std::move(next->second);
            queue_.erase(next);
            return work();
        }
        if (!wake) return;
        now_ = std::max(now_, *wake);
        apply({'t', {0}});
    }
    // An event at this instant: `numbers[0]` becomes the time since the last one.
    void apply(Line line) {
        if (line.kind == 'o') {
            now_ += line.numbers[0];
            line.numbers[0] = now_ - machine_.now();
        } else {
            line.numbers[0] = now_ - machine_.now();
        }
        write(line);
        if (machine_.asked().commit) answer_commit();
        if (machine_.asked().price) answer_price();
        answer_jobs();
        if (++events_ % lines_between_expectations == 0) write_raw(machine_.expectation());
    }
    void write(const Line& line) {
        if (line.kind == 'o' && now_ == 0) now_ = line.numbers[0];
        write_raw(line);
        machine_.take(line);
    }
    void write_raw(const Line& line) { lines_ << print(line) << '\n'; }
    void check_ledger(std::uint64_t number) {
        write_raw(machine_.expectation());
        lines_ << "h " << number << '\n';
        for (const auto& [table, digest] : machine_.ledger()) {
            expected_ << number << ' ' << table << ' ' << digest << '\n';
        }
    }

    Machine machine_;
    std::ofstream lines_, expected_;
    const std::uint64_t decisions_;
    Random random_{20'260'101};
    std::map<std::string, std::int64_t> texts_;
    std::map<std::string, std::size_t> by_key_;  // identity that was configured last, by key
    std::vector<Kind> kinds_;
    std::vector<std::string> names_;  // by identity
    std::vector<std::int64_t> good_, low_, bad_, unknown_, unlisted_;
    std::int64_t results_ = 0, setups_ = 0, setup_ = 0;
    const std::vector<std::int64_t> policies_of_{1, 1, 2, 3, 1, 1, 2, 1, 1, 1, 2, 1, 1, 4};
    std::vector<std::int64_t> configured_;
    std::int64_t now_ = 0, rate_ = 2000LL * 100'000'000;
    std::int64_t gateway_down_until_ = 0, all_fail_until_ = 0, slow_until_ = 0, slow_disk_until_ = 0,
                 price_down_until_ = 0, price_wild_until_ = 0;
    std::int64_t busy_ = 0, break_disk_ = 0;
    std::map<Due, std::function<void()>> queue_;
    std::map<std::string, std::uint32_t> due_;  // the attempt that will be answered, by key
    std::uint64_t order_ = 0, events_ = 0;
};

}  // namespace

Machine::Totals record(const std::filesystem::path& folder, std::uint64_t decisions) {
    Recorder recorder(folder, decisions);
    recorder.record();
    return recorder.totals();
}

}  // namespace golden
