#include "host/settlement/plugin_chain.hpp"

#include "host/settlement/records.hpp"
#include "stipend/host.hpp"

namespace stipend::settlement {
namespace {

const stipend_settlement_v1* table_of(const plugin::Instance& instance) {
    return static_cast<const stipend_settlement_v1*>(instance.table(STIPEND_SETTLEMENT));
}

}  // namespace

template <class T, class Start, class Read>
void PluginChain::begin(const char* what, std::function<void(Result<T>)> done, Start start, Read read) {
    instance_->begin(std::move(start),
                     [post = post_, alive = std::weak_ptr(alive_), what, read = std::move(read),
                      id = instance_->chosen().plugin->id, done = std::move(done)](Result<const void*> record) {
                         auto value = std::make_shared<Result<T>>(record ? read(*record) : Result<T>(record.error()));
                         if (!*value) *value = Error(value->error()).in(cat(what, ": ", id));
                         post([alive, value, done] {
                             if (alive.lock()) done(std::move(*value));
                         });
                     },
                     {.what = what, .deadline_ns = deadline_ns_, .has_record = !std::is_void_v<T>});
}

void PluginChain::account(std::function<void(Result<Account>)> done) {
    begin<Account>(
        "account", std::move(done),
        [table = table_of(*instance_)](stipend_instance* i, stipend_completion c, stipend_error* e) {
            return table->account(i, c, e);
        },
        [](const void* record) { return account_of(*static_cast<const stipend_account*>(record)); });
}

void PluginChain::estimate(const SlotWork& work, std::function<void(Result<Estimate>)> done) {
    begin<Estimate>(
        "estimate", std::move(done),
        [table = table_of(*instance_), work](stipend_instance* i, stipend_completion c, stipend_error* e) {
            const SlotRecord slot(work);
            return table->estimate(i, &slot.raw(), c, e);
        },
        [](const void* record) { return estimate_of(*static_cast<const stipend_estimate*>(record)); });
}

void PluginChain::sign(const SlotWork& work, std::function<void(Result<SignedBytes>)> done) {
    begin<SignedBytes>(
        "sign", std::move(done),
        [table = table_of(*instance_), work](stipend_instance* i, stipend_completion c, stipend_error* e) {
            const SlotRecord slot(work);
            return table->sign(i, &slot.raw(), c, e);
        },
        [](const void* record) { return signed_of(*static_cast<const stipend_signed*>(record)); });
}

void PluginChain::recall(std::uint64_t nonce, std::function<void(Result<std::vector<SignedBytes>>)> done) {
    begin<std::vector<SignedBytes>>(
        "recall", std::move(done),
        [table = table_of(*instance_), nonce](stipend_instance* i, stipend_completion c, stipend_error* e) {
            return table->recall(i, nonce, c, e);
        },
        [](const void* record) { return signed_list_of(*static_cast<const stipend_signed_list*>(record)); });
}

void PluginChain::send(const std::string& raw, std::function<void(Result<void>)> done) {
    begin<void>(
        "send", std::move(done),
        [table = table_of(*instance_), raw](stipend_instance* i, stipend_completion c, stipend_error* e) {
            return table->send(i, bytes_to_abi(raw), c, e);
        },
        [](const void*) { return Result<void>(); });
}

void PluginChain::sight(const std::vector<Sought>& attempts, std::function<void(Result<std::vector<Sighting>>)> done) {
    begin<std::vector<Sighting>>(
        "sight", std::move(done),
        [table = table_of(*instance_), attempts](stipend_instance* i, stipend_completion c, stipend_error* e) {
            std::vector<Hash> ids;
            std::vector<std::uint64_t> batches;
            for (const auto& one : attempts) {
                ids.push_back(one.id);
                batches.push_back(one.batch);
            }
            return table->sight(i, ids.data()->data(), batches.data(), ids.size(), c, e);
        },
        [attempts](const void* record) {
            return sightings_of(*static_cast<const stipend_sighting_list*>(record), attempts);
        });
}

}  // namespace stipend::settlement
