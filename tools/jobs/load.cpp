#include "tools/jobs/load.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include "stipend/duration.hpp"
#include "tools/jobs/connection.hpp"
#include "tools/jobs/runner_line.hpp"
#include "tools/jobs/tls.hpp"

namespace stipend::jobs {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr std::int64_t tick_ns = 20 * ns_per_ms;  // how often deadlines are looked at
constexpr std::int64_t watch_ns = 500 * ns_per_ms;
constexpr std::size_t shown_of_error = 300;

std::int64_t cpu_ns() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto us = [](const timeval& time) { return time.tv_sec * 1'000'000 + time.tv_usec; };
    return (us(usage.ru_utime) + us(usage.ru_stime)) * ns_per_us;
}

// A job that reached no orchestrator costs nothing.
bool may_charge(Outcome outcome) {
    return outcome != Outcome::connect && outcome != Outcome::tls && outcome != Outcome::no_orchestrators;
}
std::uint64_t charged_s(std::int64_t ns) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>((ns + ns_per_s - 1) / ns_per_s, 1));
}

// Where jobs are sent: the gateway, or the orchestrator of a live runner.
struct Target {
    Server server;
    std::optional<asio::ssl::context> tls;
    std::vector<std::size_t> free = {};  // slots whose connection leads here
};

class Load {
  public:
    // `lines`: NULL where no runner is called in steps.
    Load(const Plan& plan, std::vector<Target> targets, asio::io_context& io, RunnerLines* lines,
         const std::function<void(const Run&)>& watch)
        : plan_(plan),
          targets_(std::move(targets)),
          io_(io),
          lines_(lines),
          watch_(watch),
          schedule_(plan.rate, plan.arrivals, plan.duration_ns, plan.seed),
          next_(io),
          tick_(io),
          signals_(io, SIGINT, SIGTERM) {
        for (std::size_t i = 0; i < plan.orchestrators.size(); ++i) {
            const auto& way = plan.runners.empty() ? plan.way : plan.runners[i];
            heads_.push_back(head_of(way, target_of(i).server.host, plan.orchestrators[i]));
            costs_.push_back(in_steps(i) ? cost_of(*plan.steps[i], plan.terms) : Wei());
        }
        if (heads_.empty()) heads_.push_back(head_of(plan.way, targets_.front().server.host, {}));
    }

    Run run() {
        began_ = Clock::now();
        const auto cpu = cpu_ns();
        await_signal();
        await_tick();
        plan_.closed ? fill(now()) : pump();
        io_.run();
        finish();
        run_.cpu_ns = cpu_ns() - cpu;
        return std::move(run_);
    }

  private:
    // A connection with its job, if one is under way.
    struct Slot {
        std::shared_ptr<Connection> connection;
        bool busy = false;
        std::int64_t planned_ns = 0;
        std::int64_t sent_ns = 0;
        std::size_t asked = 0;
    };

    [[nodiscard]] std::int64_t now() const { return nanoseconds(Clock::now() - began_).count(); }
    [[nodiscard]] Clock::time_point at(std::int64_t ns) const { return began_ + nanoseconds(ns); }

    // Which orchestrator the next job asks.
    [[nodiscard]] std::size_t next_asked() const { return static_cast<std::size_t>(run_.totals.sent % heads_.size()); }
    Target& target_of(std::size_t asked) { return targets_[targets_.size() == 1 ? 0 : asked]; }
    [[nodiscard]] bool in_steps(std::size_t asked) const { return asked < plan_.steps.size() && plan_.steps[asked]; }
    [[nodiscard]] Wei cost_at(std::size_t asked) const { return asked < costs_.size() ? costs_[asked] : Wei(); }

    // False: the next job could exceed the budget, and none is sent any more.
    bool affords_next() {
        const auto cost = cost_at(next_asked());
        if (cost.zero() || !plan_.budget) return true;
        if (!(*plan_.budget < Wei(CheckedU256(run_.paid.value() + cost.value())))) return true;
        run_.out_of_budget = true;
        stopping_ = true;
        return false;
    }
    // What a job may cost counts from its start, and what it did not cost no longer at its end.
    void count_fee(std::size_t asked, const Wei& fee, bool begins) {
        if (fee.zero()) return;
        auto& of = share_of(plan_.orchestrators[asked].address);
        for (auto* sum : {&of.paid, &run_.paid}) {
            *sum = Wei(CheckedU256(begins ? sum->value() + fee.value() : sum->value() - fee.value()));
        }
    }

    // A slot for that target: a free one of its own, a new one, or a free one of another; nothing where all are busy.
    std::optional<std::size_t> free_slot(Target& target) {
        if (target.free.empty() && slots_.size() < plan_.connections) {
            slots_.emplace_back();
            return slots_.size() - 1;
        }
        auto* from = &target;
        if (target.free.empty()) {
            const auto other = std::ranges::find_if(targets_, [](const Target& one) { return !one.free.empty(); });
            if (other == targets_.end()) return std::nullopt;
            from = &*other;
        }
        const auto slot = from->free.back();
        from->free.pop_back();
        if (from != &target) drop_connection(slots_[slot]);
        return slot;
    }
    void drop_connection(Slot& slot) {
        if (!slot.connection) return;
        slot.connection->abandon();
        run_.opened += slot.connection->opened();
        slot.connection.reset();
    }

    // Sends all jobs that are due, and waits for the next.
    void pump() {
        while (!stopping_) {
            const auto next = schedule_.next();
            if (!next) return;
            const auto time = now();
            if (*next > time) return arm(*next);
            if (!affords_next()) return;
            const auto slot = free_slot(target_of(next_asked()));
            if (!slot) {
                blocked_ = true;
                return;
            }
            if (time - *next > late_ns) ++(*next <= busy_until_ns_ ? run_.late_connections : run_.late_generator);
            schedule_.pop();
            ++run_.totals.planned;
            start(*slot, *next, time);
        }
    }
    void arm(std::int64_t ns) {
        next_.expires_at(at(ns));
        next_.async_wait([this](const boost::system::error_code& error) {
            if (!error) pump();
        });
    }
    // One job for each slot that is free at `time`, which is now.
    void fill(std::int64_t time) {
        while (!stopping_ && time < plan_.duration_ns && affords_next()) {
            const auto slot = free_slot(target_of(next_asked()));
            if (!slot) return;
            ++run_.totals.planned;
            start(*slot, time, time);
        }
    }

    void start(std::size_t index, std::int64_t planned_ns, std::int64_t time) {
        auto& slot = slots_[index];
        slot.asked = next_asked();
        auto& target = target_of(slot.asked);
        if (!slot.connection) {
            auto on_end = [this, index](Connection::Ended& ended) { done(index, ended); };
            slot.connection =
                in_steps(slot.asked)
                    ? lines_->make(slot.asked, std::move(on_end))
                    : make_connection(io_, target.server, target.tls ? &*target.tls : nullptr, std::move(on_end));
        }
        slot.busy = true;
        slot.planned_ns = planned_ns;
        slot.sent_ns = time;
        const auto number = run_.totals.sent++;
        run_.most_in_flight = std::max(run_.most_in_flight, ++run_.in_flight);
        run_.sending_ns = time;
        count_fee(slot.asked, cost_at(slot.asked), true);
        request_.clear();
        const auto body = plan_.body.empty() ? body_of(number) : plan_.body;
        if (in_steps(slot.asked)) {
            request_.append(body);
        } else {
            append_request(request_, heads_[slot.asked], body);
        }
        slot.connection->send(request_, at(time));
    }
    void done(std::size_t index, Connection::Ended& ended) {
        const auto& slot = slots_[index];
        if (ended.paid.zero()) count_fee(slot.asked, cost_at(slot.asked), false);
        Judged judged{ended.outcome, std::move(ended.why)};
        static const Asked any;
        const auto& asked = plan_.orchestrators.empty() ? any : plan_.orchestrators[slot.asked];
        // No header of a live runner names what answered: its address does.
        if (!plan_.runners.empty()) ended.answer.served_by = plan_.runners[slot.asked].gateway;
        if (ended.outcome == Outcome::succeeded) judged = judge(ended.answer, asked, plan_.check);
        count(index, judged, asked.address.empty() ? ended.answer.served_by : asked.address,
              nanoseconds(ended.at - began_).count());
    }
    void count(std::size_t index, const Judged& judged, std::string_view orchestrator, std::int64_t time) {
        auto& slot = slots_[index];
        const auto at = static_cast<std::size_t>(judged.outcome);
        auto& of = share_of(orchestrator);
        ++of.sent;
        ++of.by_outcome.at(at);
        if (may_charge(judged.outcome)) of.charged_s += charged_s(time - slot.sent_ns);
        ++run_.totals.by_outcome.at(at);
        if (judged.outcome == Outcome::succeeded || judged.outcome == Outcome::timeout) {
            run_.totals.corrected.record((time - slot.planned_ns) / ns_per_us);
            run_.totals.service.record((time - slot.sent_ns) / ns_per_us);
            of.service.record((time - slot.sent_ns) / ns_per_us);
        }
        if (judged.outcome != Outcome::succeeded) {
            run_.first_error.try_emplace(judged.outcome, judged.why.substr(0, shown_of_error));
        }
        --run_.in_flight;
        slot.busy = false;
        target_of(slot.asked).free.push_back(index);
        if (plan_.closed) {
            fill(time);  // only begins jobs, so no stack grows
        } else if (std::exchange(blocked_, false)) {
            busy_until_ns_ = time;
            pump();
        }
        end_if_over(time);
    }
    OfOrchestrator& share_of(std::string_view name) {
        const auto key = name.empty() ? std::string_view("none") : name;
        if (const auto found = run_.by_orchestrator.find(key); found != run_.by_orchestrator.end())
            return found->second;
        return run_.by_orchestrator[std::string(run_.by_orchestrator.size() < max_orchestrators ? key : "others")];
    }

    [[nodiscard]] bool all_sent(std::int64_t time) const {
        if (stopping_) return true;
        return plan_.closed ? time >= plan_.duration_ns : !schedule_.next();
    }
    void end_if_over(std::int64_t time) {
        if (run_.in_flight == 0 && all_sent(time)) io_.stop();
    }
    void await_tick() {
        tick_.expires_after(nanoseconds(tick_ns));
        tick_.async_wait([this](const boost::system::error_code& error) {
            if (error) return;
            const auto time = now();
            give_up(time);
            if (time >= watched_ns_ + watch_ns) {
                watched_ns_ = time;
                run_.elapsed_ns = time;
                watch_(run_);
            }
            // What is not sent by then never is: all connections stayed busy.
            if (time >= plan_.duration_ns + plan_.deadline_ns) stopping_ = true;
            end_if_over(time);
            await_tick();
        });
    }
    // Ends jobs at their deadline.
    void give_up(std::int64_t time) {
        for (std::size_t index = 0; index < slots_.size(); ++index) {
            auto& slot = slots_[index];
            if (!slot.busy || time - slot.sent_ns < plan_.deadline_ns) continue;
            drop_connection(slot);
            const auto asked = plan_.orchestrators.empty() ? std::string() : plan_.orchestrators[slot.asked].address;
            count(index, {Outcome::timeout, cat("no whole answer within ", duration_text(plan_.deadline_ns))}, asked,
                  now());
        }
    }
    void await_signal() {
        signals_.async_wait([this](const boost::system::error_code& error, int) {
            if (error) return;
            if (stopping_) return io_.stop();
            run_.interrupted = true;
            stopping_ = true;
            await_signal();
            end_if_over(now());
        });
    }
    void finish() {
        run_.elapsed_ns = now();
        const auto end = run_.interrupted || run_.out_of_budget ? run_.elapsed_ns : plan_.duration_ns;
        if (!plan_.closed) {
            for (auto next = schedule_.next(); next && *next < end; next = schedule_.next()) {
                schedule_.pop();
                ++run_.totals.planned;
            }
        }
        run_.sending_ns = std::max(run_.sending_ns, end);
        for (auto& slot : slots_) drop_connection(slot);
    }

    const Plan& plan_;
    std::vector<Target> targets_;  // one, or one for each orchestrator
    asio::io_context& io_;
    RunnerLines* const lines_;
    const std::function<void(const Run&)>& watch_;
    Schedule schedule_;
    asio::steady_timer next_;
    asio::steady_timer tick_;
    asio::signal_set signals_;
    std::vector<std::string> heads_;
    std::vector<Wei> costs_;  // of a job, by the orchestrator that it asks
    std::vector<Slot> slots_;
    std::string request_;  // keeps its memory from job to job
    Clock::time_point began_;
    std::int64_t watched_ns_ = 0;
    std::int64_t busy_until_ns_ = -1;  // the last time that all connections were busy
    bool blocked_ = false;
    bool stopping_ = false;
    Run run_;
};

// One descriptor for each connection, and some more.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

std::string Run::bound_by(const Plan& plan) const {
    if (plan.closed) {
        if (cpu_ns * 20 < elapsed_ns * 19) return {};
        return "this program used a whole processor";
    }
    // One job in a hundred.
    if ((late_connections + unsent()) * 100 > totals.planned) {
        return cat("all ", plan.connections, " connections were busy (--connections)");
    }
    if (late_generator * 100 > totals.planned) return "this program was late: it wants more of a processor";
    return {};
}

Result<Run> run_load(const Plan& plan, const std::function<void(const Run&)>& watch) {
    raise_descriptor_limit();
    asio::io_context io(1);
    std::vector<Target> targets;
    for (const auto& runner : plan.runners) {
        STIPEND_LET(server, look_up(io, runner.gateway));
        auto& target = targets.emplace_back(Target{.server = std::move(server), .tls = std::nullopt});
        if (!target.server.name.empty()) target.tls.emplace(any_context());
    }
    if (targets.empty()) {
        STIPEND_LET(server, look_up(io, plan.way.gateway));
        auto& target = targets.emplace_back(Target{.server = std::move(server), .tls = std::nullopt});
        if (!target.server.name.empty()) STIPEND_SET(target.tls, verifying_context(plan.way.ca_file));
    }
    std::unique_ptr<RunnerLines> lines;
    if (std::ranges::any_of(plan.steps, [](const auto& one) { return one.has_value(); })) {
        STIPEND_SET(lines, RunnerLines::create(io, plan));
    }
    return Load(plan, std::move(targets), io, lines.get(), watch).run();
}

}  // namespace stipend::jobs
