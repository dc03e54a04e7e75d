#include "host/plugin/part_stream.hpp"

#include <string>

namespace stipend::plugin {

Result<void> PartStream::take(const http::HttpResponse& head, std::string_view part) {
    if (!head_) head_ = std::make_shared<const http::HttpResponse>(head);
    {
        const std::lock_guard lock(mutex_);
        if (refusal_) return *refusal_;
        const auto cost = part.size() + part_overhead;
        if (waiting_ + cost > max_waiting) {
            return fail(STIPEND_E_LIMIT, "the plugin takes the body too slowly: got ", waiting_ + cost,
                        " bytes that wait for it, want at most ", max_waiting);
        }
        waiting_ += cost;
    }
    strand_->post([self = shared_from_this(), copy = std::string(part)] { self->deliver(copy); });
    return {};
}

void PartStream::begun(std::uint64_t op) {
    bool ended = false;
    {
        const std::lock_guard lock(mutex_);
        op_ = op;
        ended = refusal_.has_value();
    }
    if (ended) client_.cancel(op);
}

void PartStream::deliver(std::string_view part) {
    {
        const std::lock_guard lock(mutex_);
        waiting_ -= part.size() + part_overhead;
        if (refusal_) return;
    }
    const auto status = deliver_(*head_, part);
    if (status == STIPEND_OK) return;
    std::uint64_t op = 0;
    {
        const std::lock_guard lock(mutex_);
        refusal_ = fail(status, "the plugin ended the transfer");
        op = op_;
    }
    // Nothing more may come that `take` could refuse.
    if (op != 0) client_.cancel(op);
}

Result<void> PartStream::outcome(Result<void> result) const {
    const std::lock_guard lock(mutex_);
    if (refusal_) return *refusal_;
    return result;
}

}  // namespace stipend::plugin
