// What an operator sees of a running host: one line for each payment, and one for each alert.
#pragma once

#include <memory>

#include "host/config/settings.hpp"
#include "host/engine/reporter.hpp"
#include "host/runtime/log.hpp"

namespace spdlog {
class logger;
}

namespace stipend::cli {

// Writes lines to standard output. Decisions come synchronously: what was printed is durable. The log of plugins is
// thread-safe.
class LineReporter final : public engine::Reporter, public runtime::Log {
  public:
    explicit LineReporter(config::LogLevel level);
    ~LineReporter() override;

    void decided(const registry::Payee& payee, const ledger::Decision& decision, const ledger::Network& network,
                 stipend_unix_ns now) override;
    void held(const registry::Payee& payee, std::uint64_t epoch, std::string_view why,
              stipend_unix_ns next_at) override;
    void alert(const engine::Alert& alert) override;

    [[nodiscard]] bool enabled(std::int32_t level) const override;
    void write(std::int32_t level, std::string_view instance, std::string_view message) override;

    void info(std::string_view message) override;
    void warn(std::string_view message) override;
    void error(std::string_view message) override;

  private:
    std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace stipend::cli
