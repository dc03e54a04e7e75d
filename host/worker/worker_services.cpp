#include "host/worker/worker_services.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "host/base/printable.hpp"
#include "host/runtime/pending_answer.hpp"
#include "host/worker/worker_plan.hpp"
#include "stipend/abi/service.h"
#include "stipend/json_parse.hpp"

namespace stipend::worker {
namespace {

constexpr std::int64_t report_deadline_ns = 10 * ns_per_s;

bool signs_for(std::string_view report, std::string_view orchestrator_id) {
    const auto json = parse_json(report);
    const auto* named = json && json->is(Json::Kind::object) ? json->find("orchestrator_id") : nullptr;
    return named != nullptr && named->is(Json::Kind::string) && named->text() == orchestrator_id;
}

}  // namespace

std::vector<std::string> WorkerServices::keys() const {
    std::vector<std::string> out;
    for (const auto& [key, one] : host_.instances().in_use()) {
        if (is_service_key(key)) out.push_back(key);
    }
    return out;  // "worker" is the least of them
}

void WorkerServices::ask(std::function<void(std::vector<NamedReport>)> done) {
    struct Gathered {
        std::mutex mutex;
        std::vector<NamedReport> reports;  // guarded by mutex
        std::size_t open = 0;              // guarded by mutex
        std::function<void(std::vector<NamedReport>)> done;
    };
    const auto all = keys();
    if (all.empty()) return done({});
    auto gathered = std::make_shared<Gathered>();
    gathered->open = all.size();
    gathered->done = std::move(done);
    for (const auto& key : all) {
        gathered->reports.push_back({service_name_of_key(key), fail(STIPEND_E_STATE, "no report")});
    }
    for (std::size_t at = 0; at < all.size(); ++at) {
        ask_one(all[at], [gathered, at](Result<std::string> text) {
            {
                const std::lock_guard lock(gathered->mutex);
                gathered->reports[at].text = std::move(text);
                if (--gathered->open != 0) return;
            }
            gathered->done(std::move(gathered->reports));
        });
    }
}

Result<std::vector<NamedReport>> WorkerServices::reports() {
    runtime::PendingAnswer<std::vector<NamedReport>> answer;
    host_.loop().post([this, give = answer.giver()] { ask(give); });
    return answer.wait();
}

void WorkerServices::retire(std::function<void()> then) {
    const auto all = keys();
    if (all.empty()) return then();
    const auto open = std::make_shared<std::size_t>(all.size());
    for (const auto& key : all) {
        host_.instances().retire(key, [open, then] {
            if (--*open == 0) then();
        });
    }
}

void WorkerServices::ask_one(const std::string& key, std::function<void(Result<std::string>)> done) {
    const auto found = host_.instances().in_use().find(key);
    if (found == host_.instances().in_use().end()) return done(fail(STIPEND_E_STATE, "the host is stopping"));
    const auto& instance = found->second.instance;
    const auto* table = static_cast<const stipend_service_v1*>(instance->table(STIPEND_SERVICE));
    auto text = std::make_shared<std::string>();
    // The operation ends with its start: the report is written there.
    instance->begin(
        [table, text](stipend_instance* plugin, stipend_completion, stipend_error* e) {
            const stipend_sink sink{text.get(), [](void* to, const void* data, std::uint64_t length) -> stipend_status {
                                        static_cast<std::string*>(to)->append(static_cast<const char*>(data), length);
                                        return STIPEND_OK;
                                    }};
            const auto status = table->report(plugin, &sink, e);
            return status == STIPEND_OK ? static_cast<stipend_status>(STIPEND_E_CANCELLED) : status;
        },
        [done = std::move(done), text](Result<const void*> over) {
            if (!text->empty()) return done(*text);
            done(over ? Result<std::string>(fail(STIPEND_E_INTERNAL, "the plugin reports nothing")) : over.error());
        },
        {.what = "report", .deadline_ns = report_deadline_ns});
}

Result<WorkerIdentity> identity_among(const std::vector<NamedReport>& reports, std::string_view orchestrator_id,
                                      const std::function<void(const std::string&)>& warn) {
    if (reports.empty()) return fail(STIPEND_E_STATE, "the host is stopping");
    std::optional<WorkerIdentity> first;
    std::optional<std::pair<std::string, WorkerIdentity>> chosen;
    std::optional<Error> unready;
    for (const auto& one : reports) {
        auto identity = one.text ? identity_of(*one.text) : Result<WorkerIdentity>(one.text.error());
        if (!identity) {
            // Another one that signs for the same id is not taken meanwhile: the key would change soon.
            if (one.text && signs_for(*one.text, orchestrator_id)) return identity.error();
            if (!unready) unready = identity.error();
            continue;
        }
        if (&one == &reports.front()) first = *identity;
        if (identity->orchestrator_id != orchestrator_id) continue;
        if (!chosen) {
            chosen.emplace(one.name, std::move(*identity));
        } else if (chosen->second.worker_key != identity->worker_key) {
            warn(cat(printable_line(chosen->first), " and ", printable_line(one.name), " both sign evidence for ",
                     printable_line(std::string(orchestrator_id)),
                     ", with two keys, and a manager knows one for each id: no answer of the second one will count. "
                     "Give both the same key_seed"));
        }
    }
    if (chosen) return std::move(chosen->second);
    // One that is not ready yet may be the one that is looked for.
    if (unready) return *unready;
    return *first;
}

}  // namespace stipend::worker
