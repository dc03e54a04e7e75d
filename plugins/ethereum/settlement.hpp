// Pays on a chain of Ethereum's kind: asks a quorum of endpoints, and has a signer sign.
#pragma once

#include <memory>
#include <unordered_map>

#include "endpoints.hpp"
#include "gas.hpp"
#include "schema.hpp"
#include "sight.hpp"
#include "signer_client.hpp"
#include "stipend/plugin.hpp"

namespace evm {

class Settlement {
  public:
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.ethereum",
        .name = "Ethereum",
        .version = "0.2.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Pays on a chain of Ethereum's kind, by the word of a quorum of nodes and by a signer",
        .config_schema = config_schema,
    };
    using Settings = evm::Settings;
    static constexpr std::size_t most_attempts = 1'024;  // in one `sight`

    Settlement(Settings settings, stipend::Host host)
        : settings_(std::make_unique<Settings>(std::move(settings))),
          host_(host),
          endpoints_(*settings_, host),
          signer_(std::make_unique<SignerClient>(settings_->signer_socket, host)),
          standing_(std::make_unique<Standing>(settings_->token || settings_->batch_contract)) {}

    static stipend::Result<Settings> parse(const stipend::Json& json, const stipend_terms&) {
        return parse_settings(json);
    }

    stipend::Result<void> account(stipend::Completion<stipend_account> done);
    stipend::Result<void> estimate(const stipend::SlotRequest& request, stipend::Completion<stipend_estimate> done);
    stipend::Result<void> sign(const stipend::SlotRequest& request, stipend::Completion<stipend_signed> done);
    stipend::Result<void> recall(std::uint64_t slot, stipend::Completion<stipend_signed_list> done);
    stipend::Result<void> send(std::string_view raw, stipend::Completion<stipend::Nothing> done);
    stipend::Result<void> sight(const std::vector<stipend::Attempt>& attempts,
                                stipend::Completion<stipend_sighting_list> done);
    void cancel(stipend_op op);
    [[nodiscard]] stipend::Result<void> health() const { return standing_->health(); }

  private:
    template <class Record>
    struct Job;
    template <class Record>
    std::shared_ptr<Job<Record>> open(stipend::Completion<Record> done);
    // Ends a job: by its error, or by what `finish` does with the value.
    template <class Record, class Value, class Finish>
    void close(const std::shared_ptr<Job<Record>>& job, const stipend::Result<Value>& value, Finish finish);

    std::unique_ptr<Settings> settings_;  // where they are does not change with a move
    stipend::Host host_;
    Endpoints endpoints_;
    std::unique_ptr<SignerClient> signer_;
    std::unique_ptr<Standing> standing_;                           // of the contract
    std::unordered_map<stipend_op, std::shared_ptr<Work>> works_;  // [pool]
};

}  // namespace evm
