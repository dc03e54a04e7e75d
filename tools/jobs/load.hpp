// Sends the jobs of a plan, and counts what comes of them. On one thread, which is the caller's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tools/jobs/plan.hpp"
#include "tools/jobs/threshold.hpp"

namespace stipend::jobs {

// A job that begins more than this after its planned start began late.
inline constexpr std::int64_t late_ns = 10'000'000;

struct OfOrchestrator {
    std::uint64_t sent = 0;
    Counts by_outcome{};
    Histogram service;
    Wei paid;                     // what its calls were paid with, or may have been
    std::uint64_t charged_s = 0;  // seconds that it may charge: each one that was begun, at least one for each job
};

struct Run {
    Totals totals;
    std::uint64_t late_generator = 0;    // this program was late
    std::uint64_t late_connections = 0;  // all connections were busy
    std::uint64_t in_flight = 0;
    std::uint64_t most_in_flight = 0;
    std::uint64_t opened = 0;  // connections
    std::int64_t elapsed_ns = 0;
    std::int64_t sending_ns = 0;  // until the last job was sent, at least the planned duration
    std::int64_t cpu_ns = 0;      // processor time of this program
    bool interrupted = false;
    bool out_of_budget = false;  // the next job could have exceeded it, so no more were sent
    Wei paid;                    // of all
    // By the orchestrator that was asked, or where none was, that answered; "none": a failure that names none. What is
    // beyond max_orchestrators counts as "others".
    std::map<std::string, OfOrchestrator, std::less<>> by_orchestrator;
    std::map<Outcome, std::string> first_error;  // of each class

    [[nodiscard]] std::uint64_t unsent() const { return totals.planned - totals.sent; }
    [[nodiscard]] std::uint64_t late() const { return late_generator + late_connections + unsent(); }
    // Why this program and not the network was the limit; empty if it was not.
    [[nodiscard]] std::string bound_by(const Plan& plan) const;
};

// Until all jobs have ended or reached their deadline, or SIGINT or SIGTERM comes: then no more are sent, and at a
// second one it ends at once; sessions that are open are ended first. `watch` is called every half second. UNAVAILABLE:
// nothing could be sent at all.
Result<Run> run_load(const Plan& plan, const std::function<void(const Run&)>& watch);

}  // namespace stipend::jobs
