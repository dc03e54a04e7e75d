// The commands of `stipend jobs`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stipend::jobs {

inline constexpr int exit_good = 0;
inline constexpr int exit_bad = 1;       // it could not be done, or a job of `send` failed
inline constexpr int exit_usage = 2;     // the command line is wrong
inline constexpr int exit_missed = 3;    // a threshold was missed
inline constexpr int exit_signal = 130;  // ended by a signal

// As they are typed. Empty or 0 is "not given" where there is a default of the configuration.
struct WayOptions {
    std::string config_file;
    std::string gateway;
    std::string capability;
    std::string path;
    std::string timeout;
    std::string ca_file;
    std::vector<std::string> orchestrators;
    std::string body;  // or @FILE
    std::string check;
    std::string dispatch;  // byoc or runner
    std::string signer;
    std::string max_price;
    std::string max_price_per_second;
    std::string ticket_value;
};

struct LoadOptions {
    WayOptions way;
    std::string rate = "10";
    std::string duration = "3600";
    std::string arrivals = "constant";
    bool closed = false;
    std::size_t connections = 0;
    std::string deadline;
    std::string thresholds;
    std::string report = "text";
    std::uint64_t seed = 1;
    bool pricing = false;
    bool pay = false;
    std::string budget;      // in wei
    std::string credential;  // a file; empty: a key that is made for it
    bool yes = false;
    bool quiet = false;
};
struct SendOptions {
    WayOptions way;
    std::string worker;      // a URL
    std::string credential;  // a file; empty: a key that is made for it
    bool json = false;
};
// Each prints what it did, and returns the exit status.
int load(const LoadOptions& options);
int send(const SendOptions& options);

// Prints "stipend jobs: text" to standard error; returns `status`.
int refuse(const std::string& text, int status);

}  // namespace stipend::jobs
