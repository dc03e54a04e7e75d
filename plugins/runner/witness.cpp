#include "witness.hpp"

#include <algorithm>

#include "discovery.hpp"
#include "livepeer/wire.hpp"
#include "stipend/url.hpp"

namespace runner {

using stipend::cat;
using stipend::HttpReply;

void Witness::note(const std::string& address, bool registered) {
    auto key = stipend::address_key(address);
    if (!peers_.empty() && peers_.front().key == key) return;
    std::erase_if(peers_, [&](const Peer& one) { return one.key == key; });
    peers_.push_front({std::move(key), address, registered});
    // One more than are asked, since the one that the question is about does not count.
    if (peers_.size() > max_peers + 1) peers_.pop_back();
}

void Witness::ask(const std::string& address, Done done) {
    waiting_.push_back({stipend::address_key(address), std::move(done)});
    if (!round_) begin();
}

void Witness::begin() {
    asked_.swap(waiting_);
    auto round = std::make_shared<Round>();
    round_ = round;
    ++round->open;  // held until all are sent
    for (const auto& witness : settings_.witnesses) ask_configured(round, witness);
    const auto peers = peers_;
    for (const auto& peer : peers) ask_peer(round, peer);
    if (--round->open == 0) over(*round);
}

void Witness::ask_configured(const std::shared_ptr<Round>& round, const Settings::Witness& witness) {
    stipend::HttpRequest request;
    request.url = witness.url;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = Discovery::max_body;
    if (witness.connect_only) request.flags |= STIPEND_HTTP_CONNECT_ONLY;
    send(round, witness.url, request);
}

void Witness::ask_peer(const std::shared_ptr<Round>& round, const Peer& peer) {
    const auto url = cat(livepeer::without_slash(peer.address), "/discovery");
    stipend::HttpRequest request;
    request.url = url;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = Discovery::max_body;
    std::string pin;
    if (address_to(request, settings_, peer.address, peer.registered, pin)) send(round, peer.key, request);
}

void Witness::send(const std::shared_ptr<Round>& round, const std::string& key, const stipend::HttpRequest& request) {
    const bool connects = (request.flags & STIPEND_HTTP_CONNECT_ONLY) != 0;
    const auto sent = host_.http(request, [this, round, key, connects](const HttpReply& reply) {
        if (connects ? reply.status == STIPEND_OK : reply.http_status() != 0) round->answered.insert(key);
        if (--round->open == 0) over(*round);
    });
    if (sent) ++round->open;
}

void Witness::over(const Round& round) {
    std::vector<Question> asked;
    asked.swap(asked_);
    const auto answered = round.answered;
    round_.reset();
    for (auto& question : asked) {
        const bool works =
            std::any_of(answered.begin(), answered.end(), [&](const std::string& key) { return key != question.key; });
        question.done(works ? Network::works : settings_.witnesses.empty() ? Network::unknown : Network::fails);
    }
    if (!waiting_.empty() && !round_) begin();
}

}  // namespace runner
