#include "host/api/recent_replies.hpp"

namespace stipend::api {

std::optional<Reply> RecentReplies::find(const std::string& key, std::uint64_t revision, stipend_mono_ns now) {
    std::shared_ptr<const Reply> reply;
    {
        const std::lock_guard lock(mutex_);
        const auto found = kept_.find(key);
        if (found == kept_.end()) return std::nullopt;
        const auto& kept = found->second;
        if (kept.revision != revision || now - kept.made_at >= max_age_ns) return std::nullopt;
        reply = kept.reply;
    }
    return *reply;
}

void RecentReplies::keep(const std::string& key, std::uint64_t revision, stipend_mono_ns made_at, const Reply& reply) {
    auto kept = std::make_shared<const Reply>(reply);
    const std::lock_guard lock(mutex_);
    std::erase_if(kept_, [&](const auto& one) { return made_at - one.second.made_at >= max_age_ns; });
    if (kept_.size() >= max_replies && !kept_.contains(key)) return;
    kept_.insert_or_assign(key, Kept{revision, made_at, std::move(kept)});
}

}  // namespace stipend::api
