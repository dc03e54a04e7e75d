// A job on its way through the devnet, and the bounded record of those that reached a worker.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tests/devnet/message.hpp"
#include "tests/devnet/wire.hpp"

namespace stipend::devnet {

// Keeps the nanoseconds of a hostile timeout in range.
inline constexpr std::int64_t max_timeout_s = 86400;

struct Job {
    JobRequest request = {};
    std::string path = {};  // as the client sent it, /process/request/...
    std::string content_type = {};
    std::string body = {};
    std::string sender = {};  // the account that pays, as plain_address writes it
    bool gone = false;        // the client hung up: whatever is still running leaks its slot, and its answer is lost
};
using JobPtr = std::shared_ptr<Job>;

// What comes with a job to pay for it. The devnet moves numbers, not tickets.
struct Payment {
    enum class Kind : std::uint8_t { none, credit, undecodable };
    Kind kind = Kind::none;
    std::int64_t credit_wei = 0;
};

struct JobRecord {
    std::int64_t unix_ns = 0;
    std::uint32_t orchestrator = 0;
    std::string capability = {};
    std::string path = {};
    std::string body = {};   // its beginning
    std::string price = {};  // asked of its sender per second, in wei
};

// The last jobs that workers received; the oldest go first.
class JobLog {
  public:
    static constexpr std::size_t max_body = 2048;

    explicit JobLog(std::size_t capacity) : capacity_(capacity) {}

    void add(std::int64_t unix_ns, std::uint32_t orchestrator, const Job& job, std::string price) {
        add({unix_ns, orchestrator, job.request.capability, job.path, job.body.substr(0, max_body), std::move(price)});
    }
    void add(JobRecord record) {
        ++total_;
        if (capacity_ == 0) return;
        if (records_.size() >= capacity_) records_.pop_front();
        records_.push_back(std::move(record));
    }
    [[nodiscard]] const std::deque<JobRecord>& records() const { return records_; }
    [[nodiscard]] std::uint64_t total() const { return total_; }

  private:
    std::size_t capacity_;
    std::deque<JobRecord> records_;
    std::uint64_t total_ = 0;
};

}  // namespace stipend::devnet
