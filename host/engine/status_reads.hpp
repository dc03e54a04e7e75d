// The status page, made of the ledger by a connection of its own: all days once, and from then on what was decided
// since. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "host/analysis/status_book.hpp"
#include "host/api/public_status.hpp"
#include "host/base/lane.hpp"
#include "host/config/settings.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/ledger_reader.hpp"
#include "host/runtime/host.hpp"

namespace stipend::engine {

class StatusReads final : public api::PublicStatusSource {
  public:
    static constexpr std::uint64_t max_checks = 20'000'000;  // that are read at once

    // All outlive this; no work of it runs on a loop that is closed.
    StatusReads(runtime::Host& host, const Engine& engine, const config::Settings& settings);
    ~StatusReads() override { lane_->end(); }
    StatusReads(const StatusReads&) = delete;
    StatusReads& operator=(const StatusReads&) = delete;

    // What is shown from now on. [control]
    void in_force(const config::StatusPage& page);

    [[nodiscard]] std::uint64_t revision() override;
    void make(Done done) override;

  private:
    using Capabilities = std::unordered_map<std::string, std::string>;
    struct Terms {
        config::StatusPage page;
        std::uint64_t revision = 0;
    };
    // What one making leaves to the next one; of the lane.
    struct Work {
        std::uint64_t revision = 0;
        Capabilities capabilities = {};
        std::unique_ptr<analysis::StatusBook> book = {};
        ledger::Seq last = 0;  // that was read
        std::size_t pardons = 0;
    };
    [[nodiscard]] Result<api::PublicStatus> round();
    [[nodiscard]] Result<Capabilities> capabilities(const config::StatusPage& page);
    [[nodiscard]] Result<void> read(const ledger::SpanFacts& facts, stipend_unix_ns since);

    runtime::Host& host_;
    const Engine& engine_;
    const std::filesystem::path database_;
    const ledger::Namespace ns_;
    LedgerReader ledger_;
    std::mutex mutex_;
    std::shared_ptr<const Terms> terms_;  // guarded by mutex_
    Work work_;
    const std::shared_ptr<Lane> lane_;
};

}  // namespace stipend::engine
