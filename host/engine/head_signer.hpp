// Signs heads of the ledger while a manager runs, keeps them in a file, and sends the newest to a URL: see
// host/ledger/signed_head.hpp for what they are. It reads the ledger by a connection of its own on the pool for what
// blocks, so that no payment waits for it; a stretch that was missed is signed for later. [control]
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "host/config/settings.hpp"
#include "host/engine/ledger_reader.hpp"
#include "host/ledger/signed_head.hpp"
#include "host/runtime/host.hpp"

namespace stipend::engine {

class HeadSigner {
  public:
    // What is wrong, for an alert of that id; empty: nothing is any more.
    using Report = std::function<void(const char* alert, const std::string& text)>;

    // Where they are kept. [pure]
    [[nodiscard]] static std::filesystem::path file_of(const config::Settings& settings);

    // `host` outlives this; its pool for what blocks ends before this does.
    HeadSigner(runtime::Host& host, const config::Settings& settings, Report report);

    // Begins what is due.
    void tick(stipend_unix_ns now);
    [[nodiscard]] stipend_unix_ns next() const { return next_at_; }
    [[nodiscard]] Json status() const;

  private:
    struct Made {
        std::optional<ledger::SignedHead> newest = {};
        bool more = false;  // rows are left
    };
    [[nodiscard]] Result<Made> sign(stipend_unix_ns now);  // [blocking]
    void signed_until(Result<Made> made);
    void send();
    void sent(const std::string& failure);

    runtime::Host& host_;
    const std::filesystem::path file_;
    const std::filesystem::path ledger_file_;
    const std::uint64_t chain_id_;
    const config::SignedHeads options_;
    const Report report_;
    LedgerReader ledger_;
    stipend_unix_ns next_at_ = 0;
    bool busy_ = false;
    std::optional<ledger::SignedHead> newest_;
    ledger::Seq sent_ = 0;  // the last row of the head that the URL has
    bool sending_ = false;
};

}  // namespace stipend::engine
