#include "host/plugin/policy_instance.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "host/plugin/call.hpp"
#include "host/plugin/call_runner.hpp"
#include "host/plugin/decision_check.hpp"
#include "host/plugin/stand_in.hpp"
#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"

namespace stipend::plugin {
namespace {

const void* no_interface(const stipend_host*, const char*) {
    return nullptr;
}

// So many records are zeroed, decided and checked at a time: they stay in the nearest caches meanwhile.
constexpr std::size_t slice = 64;

std::string label_of(const std::filesystem::path& shown_as, const std::string& plugin_id) {
    return cat(shown_as.native(), ": ", plugin_id);
}

// How many instances of the same code are inside a call that does not return.
std::atomic<std::size_t>& hanging_of(const stipend_lifecycle_v1& code) {
    static std::mutex mutex;
    static auto& all = *new std::map<const stipend_lifecycle_v1*, std::atomic<std::size_t>>();  // outlives every thread
    const std::lock_guard lock(mutex);
    return all[&code];
}

}  // namespace

Result<void> init_library(const stipend_entry& entry, const std::filesystem::path& shown_as) {
    return call("init", shown_as.native(), [&](stipend_error* e) { return entry.init(shown_as.c_str(), e); });
}

Result<void> check_config(const stipend_entry& entry, const std::filesystem::path& shown_as,
                          const std::string& plugin_id, const std::string& config_json, const stipend_terms& terms) {
    auto raw = empty_error();
    stipend_status status = STIPEND_OK;
    STIPEND_TRY(call("check_config", label_of(shown_as, plugin_id), [&](stipend_error*) {
        status = entry.lifecycle->check_config(to_abi(plugin_id), to_abi(config_json), &terms, &raw);
        return STIPEND_OK;
    }));
    // The complaint is about the operator's file, so it comes as it is: the caller says where that is.
    if (status != STIPEND_OK) return from_abi(status, &raw);
    return {};
}

PolicyInstance::PolicyInstance(const stipend_entry& entry, const Description& plugin,
                               const std::filesystem::path& shown_as, std::string instance_name)
    : lifecycle_(entry.lifecycle),
      plugin_id_(plugin.id),
      plugin_version_(plugin.version),
      label_(label_of(shown_as, plugin.id)),
      aside_(entry.init == nullptr),
      owner_(make_call_owner(entry, shown_as, std::move(instance_name), plugin.id)),
      host_(std::make_shared<const stipend_host>(
          stipend_host{sizeof(stipend_host), STIPEND_ABI_MINOR, nullptr, "stipend", "", &no_interface})) {}

Result<std::unique_ptr<PolicyInstance>> PolicyInstance::create(const stipend_entry& entry, const Description& plugin,
                                                               const std::filesystem::path& shown_as,
                                                               const std::string& instance_name,
                                                               const std::string& config_json,
                                                               const stipend_terms& terms) {
    std::unique_ptr<PolicyInstance> self(new PolicyInstance(entry, plugin, shown_as, instance_name));
    STIPEND_TRY(call(self->owner_, "create", self->label_, [&](stipend_error* e) {
        return entry.lifecycle->create(self->host_.get(), to_abi(plugin.id), to_abi(instance_name), to_abi(config_json),
                                       &terms, &self->instance_, e);
    }));
    if (self->instance_ == nullptr) {
        return fail(STIPEND_E_INVALID, "create: ", self->label_, ": got success and no instance");
    }
    STIPEND_TRY(call(self->owner_, "start", self->label_,
                     [&](stipend_error* e) { return entry.lifecycle->start(self->instance_, e); }));
    STIPEND_TRY(call(self->owner_, "get_interface", self->label_, [&](stipend_error*) {
        self->table_ =
            static_cast<const stipend_policy_v1*>(entry.lifecycle->get_interface(self->instance_, STIPEND_POLICY));
        return STIPEND_OK;
    }));
    if (self->table_ == nullptr || self->table_->decide == nullptr || self->table_->bounds == nullptr) {
        return fail(STIPEND_E_INVALID, "get_interface: ", self->label_, ": got no whole table for ", STIPEND_POLICY);
    }
    return self;
}

Result<std::shared_ptr<PolicyInstance>> PolicyInstance::create_guarded(
    std::int64_t patience_ns, const stipend_entry& entry, const Description& plugin,
    const std::filesystem::path& shown_as, const std::string& instance_name, const std::string& config_json,
    const stipend_terms& terms) {
    struct Attempt {  // copies: a call that does not return goes on reading
        Description plugin;
        std::filesystem::path shown_as;
        std::string instance_name, config_json;
        stipend_terms terms;
        Result<std::unique_ptr<PolicyInstance>> made = std::unique_ptr<PolicyInstance>();
    };
    const auto attempt = std::make_shared<Attempt>(Attempt{plugin, shown_as, instance_name, config_json, terms});
    const auto returned = run_within(patience_ns, [attempt, &entry] {
        attempt->made = create(entry, attempt->plugin, attempt->shown_as, attempt->instance_name, attempt->config_json,
                               attempt->terms);
    });
    if (!returned) {
        return fail(returned.error().status, "create: ", label_of(shown_as, plugin.id), ": ", returned.error().message);
    }
    if (!attempt->made) return std::move(attempt->made).error();
    std::shared_ptr<PolicyInstance> out(std::move(attempt->made).value());
    out->guard(patience_ns);
    return out;
}

PolicyInstance::~PolicyInstance() {
    if (instance_ == nullptr || hanging_->now) return;  // what a call is still in is left alone
    const auto end = [lifecycle = lifecycle_, instance = instance_, &owner = owner_, label = label_, host = host_] {
        static_cast<void>(call(owner, "destroy", label, [&](stipend_error*) {
            lifecycle->quiesce(instance);
            lifecycle->destroy(instance);
            return STIPEND_OK;
        }));
    };
    if (patience_ns_ == 0) {
        end();
    } else {
        static_cast<void>(run_within(patience_ns_, end));
    }
}

std::optional<std::string> PolicyInstance::trouble() const {
    if (hanging_->now) return cat(label_, ": ", hanging_->call.load(), " does not return");
    if (aside_) return cat(label_, ": ", put_aside_text);
    return std::nullopt;
}

Result<void> PolicyInstance::guarded(const char* what, std::function<Result<void>()> work) const {
    const auto refuse = [&](const char* call) {
        return fail(STIPEND_E_TIMEOUT, what, ": ", label_, ": ", call, " does not return");
    };
    if (hanging_->now) return refuse(hanging_->call);
    struct State {
        std::function<Result<void>()> work;
        std::shared_ptr<Hanging> hanging;
        std::shared_ptr<const PolicyInstance> self;  // as long as the call lasts
        Result<void> result = {};
        std::mutex mutex;
        bool ended = false, given_up = false;  // guarded by mutex
    };
    const auto state = std::make_shared<State>();
    state->work = std::move(work);
    state->hanging = hanging_;
    state->self = weak_from_this().lock();
    auto& of_same_code = hanging_of(*lifecycle_);
    const auto returned = run_within(of_same_code == 0 ? patience_ns_ : patience_ns_ / 200, [state, &of_same_code] {
        state->result = state->work();
        const std::lock_guard lock(state->mutex);
        state->ended = true;
        if (!state->given_up) return;
        state->hanging->now = false;
        --of_same_code;
    });
    if (!returned) {
        const auto& why = returned.error();
        if (why.status != STIPEND_E_TIMEOUT) return fail(why.status, what, ": ", label_, ": ", why.message);
        const std::lock_guard lock(state->mutex);
        if (!state->ended) {
            state->given_up = true;
            ++of_same_code;
            hanging_->call = what;
            hanging_->now = true;
            return refuse(what);
        }
    }
    return state->result;
}

Result<void> PolicyInstance::decide(std::span<const stipend_sample> in, std::span<stipend_decision> out) const {
    STIPEND_ASSERT(in.size() == out.size());
    if (patience_ns_ == 0) return decide_all(in, out);
    // Copies: a call that does not return goes on writing.
    const auto samples = std::make_shared<std::vector<stipend_sample>>(in.begin(), in.end());
    const auto decisions = std::make_shared<std::vector<stipend_decision>>(out.size());
    STIPEND_TRY(guarded("decide", [this, samples, decisions] { return decide_all(*samples, *decisions); }));
    std::copy(decisions->begin(), decisions->end(), out.begin());
    return {};
}

Result<void> PolicyInstance::decide_all(std::span<const stipend_sample> in, std::span<stipend_decision> out) const {
    for (std::size_t from = 0; from < in.size(); from += slice) {
        const auto count = std::min(slice, in.size() - from);
        STIPEND_TRY(decide_slice(in.subspan(from, count), out.subspan(from, count)));
    }
    return {};
}

Result<void> PolicyInstance::decide_slice(std::span<const stipend_sample> in, std::span<stipend_decision> out) const {
    std::memset(out.data(), 0, out.size_bytes());
    for (auto& decision : out) decision.size = sizeof decision;
    STIPEND_TRY(call(owner_, "decide", label_, [&](stipend_error* e) {
        return table_->decide(instance_, in.data(), sizeof(stipend_sample), out.data(), sizeof(stipend_decision),
                              in.size(), e);
    }));
    if (all_sound_and_printable(in, out)) return {};
    for (std::size_t i = 0; i < in.size(); ++i) {
        if (!is_sound(in[i], out[i])) return explain(in[i], out[i]).in(cat("decide: ", label_));
        make_printable(out[i]);
    }
    return {};
}

Result<PolicyBounds> PolicyInstance::bounds(const stipend_terms& terms) const {
    const std::pair key(terms.interval_ns, terms.base_usd_e8);
    {
        const std::lock_guard lock(bounds_mutex_);
        const auto known = known_bounds_.find(key);
        if (known != known_bounds_.end()) return known->second;
    }
    STIPEND_LET(answer, ask_bounds_guarded(terms));
    const std::lock_guard lock(bounds_mutex_);
    if (known_bounds_.size() < max_known_bounds) known_bounds_.emplace(key, answer);
    return answer;
}

Result<PolicyBounds> PolicyInstance::ask_bounds_guarded(const stipend_terms& terms) const {
    if (patience_ns_ == 0) return ask_bounds(terms);
    const auto answer = std::make_shared<std::optional<Result<PolicyBounds>>>();
    STIPEND_TRY(guarded("bounds", [this, terms, answer]() -> Result<void> {
        *answer = ask_bounds(terms);
        return {};
    }));
    return std::move(**answer);
}

Result<PolicyBounds> PolicyInstance::ask_bounds(const stipend_terms& terms) const {
    std::int64_t max_usd_e8 = -1, min_next_ns = -1;
    STIPEND_TRY(call(owner_, "bounds", label_, [&](stipend_error* e) {
        return table_->bounds(instance_, &terms, &max_usd_e8, &min_next_ns, e);
    }));
    const auto max_usd = Usd::of_e8(max_usd_e8);
    if (max_usd.negative() || min_next_ns <= 0) {
        return fail(STIPEND_E_INVALID, "bounds: ", label_, ": got at most ", max_usd.text(), " USD, next after ",
                    min_next_ns, " ns; want an amount of 0 or more and a time above 0");
    }
    return PolicyBounds{max_usd, min_next_ns};
}

}  // namespace stipend::plugin
