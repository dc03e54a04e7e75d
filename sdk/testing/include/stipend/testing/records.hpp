// Records of the ABI as values that own their texts, so that a test can keep them.
#pragma once

#include <string>

#include "stipend/abi/alert.h"
#include "stipend/abi/dispatch.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/price.h"
#include "stipend/host.hpp"

namespace stipend::testing {

struct FakeJob {  // a job for a dispatcher
    std::string job_id, orchestrator_id, address, service_addresses, capability, public_key, nonce;
    stipend_u256 max_fee_wei{};
    stipend_unix_ns period_from = 0, period_to = 0;
    std::uint32_t window_s = 60;
    std::uint32_t flags = 0;

    [[nodiscard]] stipend_job raw() const {
        auto job = make_record<stipend_job>();
        job.job_id = to_abi(job_id);
        job.orchestrator_id = to_abi(orchestrator_id);
        job.address = to_abi(address);
        job.service_addresses = to_abi(service_addresses);
        job.capability = to_abi(capability);
        job.public_key = to_abi(public_key);
        job.nonce = bytes_to_abi(nonce);
        job.max_fee_wei = max_fee_wei;
        job.period_from = period_from;
        job.period_to = period_to;
        job.window_s = window_s;
        job.flags = flags;
        return job;
    }
};

struct JobResult {
    std::int32_t outcome = 0;
    std::int32_t http_status = 0;
    std::uint32_t flags = 0, reported_ppm = 0, reported_window_s = 0;
    std::string served_by, reason, evidence;
    stipend_u256 fee_wei{};
    std::int64_t latency_ns = 0;

    using Raw = stipend_job_result;
    static JobResult of(const Raw& raw) {
        return {raw.outcome,
                raw.http_status,
                raw.flags,
                raw.reported_ppm,
                raw.reported_window_s,
                std::string(view(raw.served_by)),
                std::string(view(raw.reason)),
                std::string(view(raw.evidence)),
                raw.fee_wei,
                raw.latency_ns};
    }
};

struct Offer {
    bool reachable = false;
    std::int64_t capacity = 0;
    stipend_u256 price_wei_per_s{};
    std::string announced_address;
    std::int64_t latency_ns = 0;

    using Raw = stipend_offer;
    static Offer of(const Raw& raw) {
        return {raw.reachable != 0, raw.capacity, raw.price_wei_per_s, std::string(view(raw.announced_address)),
                raw.latency_ns};
    }
};

struct FakeTarget {  // a target for a monitor
    std::string target_id, endpoint, attributes_json;

    [[nodiscard]] stipend_target raw() const {
        auto target = make_record<stipend_target>();
        target.target_id = to_abi(target_id);
        target.endpoint = to_abi(endpoint);
        target.attributes_json = to_abi(attributes_json);
        return target;
    }
};

struct Observation {
    std::int32_t verdict = 0;
    std::string target_id;
    stipend_unix_ns started_at = 0, ended_at = 0;
    std::string evidence;

    using Raw = stipend_observation;
    static Observation of(const Raw& raw) {
        return {raw.verdict, std::string(view(raw.target_id)), raw.started_at, raw.ended_at,
                std::string(view(raw.evidence))};
    }
};

struct FakeAlert {  // an alert for a receiver
    std::int32_t severity = STIPEND_ALERT_WARNING;
    std::int32_t status = STIPEND_ALERT_FIRING;
    std::uint32_t flags = 0;
    std::string delivery_id, alert_id, title, body, labels_json = "{}";
    stipend_unix_ns starts_at = 0, ends_at = 0;

    [[nodiscard]] stipend_alert raw() const {
        auto alert = make_record<stipend_alert>();
        alert.severity = severity;
        alert.status = status;
        alert.flags = flags;
        alert.delivery_id = to_abi(delivery_id);
        alert.alert_id = to_abi(alert_id);
        alert.title = to_abi(title);
        alert.body = to_abi(body);
        alert.labels_json = to_abi(labels_json);
        alert.starts_at = starts_at;
        alert.ends_at = ends_at;
        return alert;
    }
};

struct NoRecord {  // of an operation that completes without one
    using Raw = char;
    static NoRecord of(const Raw&) { return {}; }
};

struct Quote {
    std::int32_t exponent = 0;
    std::int64_t mantissa = 0;
    std::string source;
    stipend_unix_ns observed_at = 0, valid_until = 0;

    using Raw = stipend_quote;
    static Quote of(const Raw& raw) {
        return {raw.exponent, raw.mantissa, std::string(view(raw.source)), raw.observed_at, raw.valid_until};
    }
};

}  // namespace stipend::testing
