#include "host/plugin/policy_instance.hpp"

#include <cstring>

#include "host/plugin/call.hpp"
#include "stipend/decimal.hpp"

namespace stipend::plugin {
namespace {

const void* no_interface(const stipend_host*, const char*) {
    return nullptr;
}

constexpr char zeros[sizeof(stipend_decision)] = {};

// A text field is NUL-terminated and zero from there on: decisions are compared byte by byte.
template <std::size_t N>
bool clean(const char (&field)[N]) {
    const auto length = strnlen(field, N);
    return length < N && std::memcmp(field + length, zeros, N - length) == 0;
}

std::string label_of(const std::filesystem::path& shown_as, const std::string& plugin_id) {
    return cat(shown_as.native(), ": ", plugin_id);
}

bool is_zero(const stipend_u256& amount) {
    return std::memcmp(amount.be, zeros, sizeof amount.be) == 0;
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

PolicyInstance::PolicyInstance(const stipend_lifecycle_v1& lifecycle, const Description& plugin, std::string label)
    : lifecycle_(&lifecycle),
      plugin_id_(plugin.id),
      plugin_version_(plugin.version),
      label_(std::move(label)),
      host_{sizeof(stipend_host), STIPEND_ABI_MINOR, nullptr, "stipend", "", &no_interface} {}

Result<std::unique_ptr<PolicyInstance>> PolicyInstance::create(const stipend_entry& entry, const Description& plugin,
                                                               const std::filesystem::path& shown_as,
                                                               const std::string& instance_name,
                                                               const std::string& config_json,
                                                               const stipend_terms& terms) {
    std::unique_ptr<PolicyInstance> self(new PolicyInstance(*entry.lifecycle, plugin, label_of(shown_as, plugin.id)));
    STIPEND_TRY(call("create", self->label_, [&](stipend_error* e) {
        return entry.lifecycle->create(&self->host_, to_abi(plugin.id), to_abi(instance_name), to_abi(config_json),
                                       &terms, &self->instance_, e);
    }));
    if (self->instance_ == nullptr) {
        return fail(STIPEND_E_INVALID, "create: ", self->label_, ": got success and no instance");
    }
    STIPEND_TRY(
        call("start", self->label_, [&](stipend_error* e) { return entry.lifecycle->start(self->instance_, e); }));
    STIPEND_TRY(call("get_interface", self->label_, [&](stipend_error*) {
        self->table_ =
            static_cast<const stipend_policy_v1*>(entry.lifecycle->get_interface(self->instance_, STIPEND_POLICY));
        return STIPEND_OK;
    }));
    if (self->table_ == nullptr || self->table_->decide == nullptr || self->table_->bounds == nullptr) {
        return fail(STIPEND_E_INVALID, "get_interface: ", self->label_, ": got no whole table for ", STIPEND_POLICY);
    }
    return self;
}

PolicyInstance::~PolicyInstance() {
    if (instance_ == nullptr) return;
    static_cast<void>(call("destroy", label_, [&](stipend_error*) {
        lifecycle_->quiesce(instance_);
        lifecycle_->destroy(instance_);
        return STIPEND_OK;
    }));
}

Result<void> PolicyInstance::decide(std::span<const stipend_sample> in, std::span<stipend_decision> out) const {
    STIPEND_ASSERT(in.size() == out.size());
    if (!out.empty()) std::memset(out.data(), 0, out.size_bytes());
    for (auto& decision : out) decision.size = sizeof decision;
    STIPEND_TRY(call("decide", label_, [&](stipend_error* e) {
        return table_->decide(instance_, in.data(), sizeof(stipend_sample), out.data(), sizeof(stipend_decision),
                              in.size(), e);
    }));
    for (std::size_t i = 0; i < in.size(); ++i) STIPEND_TRY(check(in[i], out[i]));
    return {};
}

Result<void> PolicyInstance::check(const stipend_sample& sample, const stipend_decision& decision) const {
    const auto refuse = [&](const auto&... parts) {
        return fail(STIPEND_E_INVALID, "decide: ", label_, ": ", parts...);
    };
    if (decision.action != STIPEND_PAY && decision.action != STIPEND_SKIP && decision.action != STIPEND_HOLD) {
        return refuse("got action ", decision.action, ", want PAY, SKIP or HOLD");
    }
    if (decision.action != STIPEND_HOLD && sample.job == STIPEND_JOB_UNKNOWN) {
        return refuse("got a decision on a job of unknown outcome, want HOLD");
    }
    const bool nothing = decision.amount_usd_e8 == 0 && is_zero(decision.amount_wei);
    if (decision.action != STIPEND_PAY && !nothing) return refuse("got an amount without PAY");
    if (decision.action == STIPEND_PAY && sample.job != STIPEND_JOB_OK) return refuse("got PAY for a failed job");
    if (decision.amount_usd_e8 < 0) return refuse("got a negative amount");
    if (decision.delay_ns < 0 || decision.penalty_ns < 0 || decision.delay_ns > max_wait_ns ||
        decision.penalty_ns > max_wait_ns) {
        return refuse("got a delay or penalty outside 0 .. ", max_wait_ns / 1'000'000'000, " s");
    }
    if (!clean(decision.tier) || !clean(decision.reason))
        return refuse("got an unterminated text, or bytes after its end");
    return {};
}

Result<PolicyBounds> PolicyInstance::bounds(const stipend_terms& terms) const {
    std::int64_t max_usd_e8 = -1, min_next_ns = -1;
    STIPEND_TRY(call("bounds", label_, [&](stipend_error* e) {
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
