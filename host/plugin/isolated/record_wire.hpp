// The records of the ABI in a frame: for each one table of its fields, which is checked to hold all of them. A field
// that is added to a record is added here and nowhere else.
#pragma once

#include <tuple>

#include "host/plugin/isolated/wire.hpp"
#include "stipend/abi/alert.h"
#include "stipend/abi/dispatch.h"
#include "stipend/abi/http.h"
#include "stipend/abi/lifecycle.h"
#include "stipend/abi/mail.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/price.h"
#include "stipend/record.hpp"

namespace stipend::plugin::isolated {

// All members of a record but `size`, in their order.
template <class Record>
struct Layout;

template <>
struct Layout<stipend_terms> {
    using R = stipend_terms;
    static constexpr std::tuple fields{&R::reserved0, &R::interval_ns, &R::base_usd_e8};
};
template <>
struct Layout<stipend_quote> {
    using R = stipend_quote;
    static constexpr std::tuple fields{&R::exponent, &R::mantissa,    &R::base,       &R::quote,
                                       &R::source,   &R::observed_at, &R::valid_until};
};
template <>
struct Layout<stipend_target> {
    using R = stipend_target;
    static constexpr std::tuple fields{&R::reserved0, &R::target_id, &R::endpoint, &R::attributes_json};
};
template <>
struct Layout<stipend_observation> {
    using R = stipend_observation;
    static constexpr std::tuple fields{&R::verdict, &R::target_id, &R::started_at, &R::ended_at, &R::evidence};
};
template <>
struct Layout<stipend_job> {
    using R = stipend_job;
    static constexpr std::tuple fields{
        &R::attempt,    &R::job_id,     &R::orchestrator_id, &R::address,     &R::service_addresses,
        &R::capability, &R::public_key, &R::nonce,           &R::max_fee_wei, &R::period_from,
        &R::period_to,  &R::window_s,   &R::flags,           &R::call_type,   &R::payload};
};
template <>
struct Layout<stipend_job_result> {
    using R = stipend_job_result;
    static constexpr std::tuple fields{&R::outcome,           &R::http_status, &R::flags,  &R::reported_ppm,
                                       &R::reported_window_s, &R::served_by,   &R::reason, &R::evidence,
                                       &R::fee_wei,           &R::latency_ns};
};
template <>
struct Layout<stipend_offer> {
    using R = stipend_offer;
    static constexpr std::tuple fields{&R::reachable, &R::capacity, &R::price_wei_per_s, &R::announced_address,
                                       &R::latency_ns};
};
template <>
struct Layout<stipend_alert> {
    using R = stipend_alert;
    static constexpr std::tuple fields{&R::severity, &R::status, &R::flags,       &R::delivery_id, &R::alert_id,
                                       &R::title,    &R::body,   &R::labels_json, &R::starts_at,   &R::ends_at};
};
template <>
struct Layout<stipend_http_request> {
    using R = stipend_http_request;
    static constexpr std::tuple fields{&R::timeout_ms,
                                       &R::method,
                                       &R::url,
                                       &R::headers,
                                       &R::body,
                                       &R::max_response_bytes,
                                       &R::unix_socket,
                                       &R::pin_sha256,
                                       &R::tls_mode,
                                       &R::max_redirects,
                                       &R::flags,
                                       &R::reserved0,
                                       &R::ca_file,
                                       &R::client_cert_file,
                                       &R::client_key_file};
};
template <>
struct Layout<stipend_http_response> {
    using R = stipend_http_response;
    static constexpr std::tuple fields{&R::http_status,   &R::headers,  &R::peer,          &R::body,
                                       &R::phase,         &R::cause,    &R::tls_not_after, &R::connect_ns,
                                       &R::first_byte_ns, &R::total_ns, &R::tls_sha256};
};
template <>
struct Layout<stipend_mail> {
    using R = stipend_mail;
    static constexpr std::tuple fields{&R::timeout_ms, &R::server,  &R::user,    &R::password, &R::from,
                                       &R::to,         &R::message, &R::ca_file, &R::flags,    &R::reserved0};
};

namespace detail {

template <class Record, class Member>
constexpr std::size_t size_of(Member Record::*) {
    return sizeof(Member);
}

template <class Record>
constexpr bool is_whole() {
    const auto sum = [](auto... member) { return sizeof(Record::size) + (size_of(member) + ...); };
    return std::apply(sum, Layout<Record>::fields) == sizeof(Record);
}

template <std::integral T>
void put(Writer& to, const T& value) {
    to.number(value);
}
inline void put(Writer& to, const stipend_str& value) {
    to.text(value);
}
inline void put(Writer& to, const stipend_bytes& value) {
    to.text(value);
}
inline void put(Writer& to, const stipend_u256& value) {
    to.raw(value.be, sizeof value.be);
}

template <std::integral T>
void get(Reader& from, T& value) {
    value = from.number<T>();
}
inline void get(Reader& from, stipend_str& value) {
    value = from.given_text();
}
inline void get(Reader& from, stipend_bytes& value) {
    value = from.given_bytes();
}
inline void get(Reader& from, stipend_u256& value) {
    from.raw(value.be, sizeof value.be);
}

}  // namespace detail

// A record that is shorter than this version's is written as if the rest were zero.
template <class Record>
void write_record(Writer& to, const Record& given) {
    static_assert(detail::is_whole<Record>(), "the table of this record's fields lacks one");
    Record scratch{};
    const auto& record = stipend::detail::record_view(&given, scratch);
    std::apply([&](auto... member) { (detail::put(to, record.*member), ...); }, Layout<Record>::fields);
}

// Texts and bytes lie in the body that is read.
template <class Record>
[[nodiscard]] Record read_record(Reader& from) {
    static_assert(detail::is_whole<Record>(), "the table of this record's fields lacks one");
    auto record = make_record<Record>();
    std::apply([&](auto... member) { (detail::get(from, record.*member), ...); }, Layout<Record>::fields);
    return record;
}

}  // namespace stipend::plugin::isolated
