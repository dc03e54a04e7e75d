// Invitations: their text, and what the store takes them for.
#include "host/auth/invitation.hpp"
#include "host/base/sha256.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "host/auth/worker_key.hpp"
#include "host/registry/registration_store.hpp"

using namespace stipend;
using namespace stipend::registry;

namespace {

constexpr std::int64_t one_second = 1'000'000'000;
constexpr stipend_unix_ns midday = 1'795'694'400 * one_second;
constexpr stipend_unix_ns evening = midday + 6 * 3600 * one_second;
const std::string manager = "https://payer.example:8010";

class Store {
  public:
    Store() {
        auto name = (std::filesystem::temp_directory_path() / "stipend-invitation-XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        it = open();
    }
    ~Store() { std::filesystem::remove_all(folder_); }
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    [[nodiscard]] std::unique_ptr<RegistrationStore> open() const {
        auto opened = RegistrationStore::open(registry_file(folder_));
        REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.error().message));
        return std::move(*opened);
    }
    [[nodiscard]] MadeInvitation invite(InvitationTerms terms = {.manager = manager},
                                        stipend_unix_ns until = evening) const {
        auto made = it->invite(terms, "account:ann", until, midday);
        REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().message));
        return std::move(*made);
    }
    Outcome join(const std::string& text, const std::string& id, const std::string& own,
                 stipend_unix_ns now = midday) const {
        auto out = it->enroll(request(text, id, own), now);
        REQUIRE_MESSAGE(out.ok(), (out.ok() ? "" : out.error().message));
        return std::move(*out);
    }
    static Enrollment request(const std::string& text, const std::string& id, const std::string& own) {
        Enrollment out{.stated = {.id = id,
                                  .endpoint = cat("https://", id, ".example:1"),
                                  .capabilities = {"agent-net"},
                                  .payout_address = "0x" + std::string(40, '1')},
                       .actor = {},
                       .secret = sha256(text)};
        out.invitation = auth::parse_invitation(text);
        REQUIRE(out.invitation);
        if (!own.empty()) out.proposed = sha256(own);
        return out;
    }
    [[nodiscard]] InvitationState state(stipend_unix_ns now = midday) const {
        const auto all = it->invitations();
        REQUIRE((all.ok() && all->size() == 1));
        return all->front().state(now);
    }

    std::unique_ptr<RegistrationStore> it;

  private:
    std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("the text of an invitation names its manager, and shows a slip") {
    const auto made = auth::make_invitation(manager);
    REQUIRE(made.ok());
    const std::string text(made->text.view());
    const auto read = auth::parse_invitation(text);
    REQUIRE(read);
    CHECK(read->id == made->id);
    CHECK(read->hash == made->hash);
    CHECK(auth::is_for(*read, manager));
    CHECK_FALSE(auth::is_for(*read, "https://payer.example:8011"));
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto slip = text;
        slip[at] = slip[at] == '0' ? '1' : '0';
        CHECK_MESSAGE(!auth::parse_invitation(slip), slip);
    }
    CHECK_FALSE(auth::parse_invitation(text.substr(0, text.size() - 1)));
    CHECK_FALSE(auth::parse_invitation(text + "0"));
    CHECK_FALSE(auth::parse_invitation(""));
}

TEST_CASE("the public half of a worker's key is that of RFC 8032") {
    const auto key = auth::worker_key_of("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    REQUIRE(key.ok());
    CHECK(*key == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    CHECK_FALSE(auth::worker_key_of("9d61").ok());
    CHECK_FALSE(auth::worker_key_of(std::string(64, 'x')).ok());
}

TEST_CASE("an invitation is taken once, and again by the key that took it") {
    const Store store;
    const auto made = store.invite();
    CHECK(store.state() == InvitationState::open);
    const auto first = store.join(made.text, "orch-1", "own");
    REQUIRE(first.fault == Fault::none);
    CHECK(first.created);
    CHECK(first.registration.state == RegistrationState::unapproved);
    CHECK(store.state() == InvitationState::used);
    // Its answer was lost.
    const auto again = store.join(made.text, "orch-1", "own", evening + one_second);
    CHECK(again.fault == Fault::none);
    CHECK_FALSE(again.created);
    CHECK(store.join(made.text, "orch-2", "own").fault == Fault::taken);
    CHECK(store.join(made.text, "orch-2", "other").fault == Fault::taken);
    CHECK(store.join(made.text, "orch-1", "other").fault == Fault::taken);
    CHECK_FALSE(*store.it->find("orch-2"));
    const auto audit = store.it->audit(RegistrationStore::invitation_audit());
    REQUIRE((audit.ok() && audit->size() == 2));
    CHECK(audit->front().actor == "account:ann");
    CHECK(audit->back().what == "use invitation");
    CHECK(audit->back().to.find("orch-1") != std::string::npos);
    CHECK(store.it->audit("orch-1")->front().actor == cat("invitation ", made.invitation.id, " of account:ann"));
}

TEST_CASE("an invitation is refused without an own secret, after its end, and where another has the id") {
    const Store store;
    CHECK(store.join(store.invite().text, "orch-1", "").fault == Fault::invalid);
    CHECK(store.join(store.invite().text, "orch-1", "own", evening).fault == Fault::restricted);
    CHECK(store.join(store.invite().text, "orch-1", "own", evening - 1).fault == Fault::none);
    CHECK(store.join(store.invite().text, "orch-1", "other").fault == Fault::taken);
    const auto unknown = auth::make_invitation(manager);
    REQUIRE(unknown.ok());
    CHECK(store.join(std::string(unknown->text.view()), "orch-2", "own").fault == Fault::denied);
    const auto agent = store.invite({.manager = manager, .capability = "other"});
    CHECK(store.join(agent.text, "orch-2", "own").fault == Fault::invalid);
    CHECK_FALSE(*store.it->find("orch-2"));
}

TEST_CASE("a revoked invitation is refused, and approves nothing any more") {
    const Store store;
    const auto made = store.invite();
    CHECK(store.it->revoke_invitation("0000000000000000", "account:ann", midday)->fault == Fault::unknown);
    CHECK(store.it->revoke_invitation(made.invitation.id, "account:ann", midday)->fault == Fault::none);
    CHECK(store.it->revoke_invitation(made.invitation.id, "account:ann", midday)->fault == Fault::none);
    CHECK(store.state() == InvitationState::revoked);
    CHECK(store.join(made.text, "orch-1", "own").fault == Fault::restricted);

    const auto approving = store.invite({.manager = manager, .approve = true});
    REQUIRE(store.join(approving.text, "orch-1", "own").fault == Fault::none);
    CHECK(store.it->revoke_invitation(approving.invitation.id, "account:ann", midday)->fault == Fault::none);
    CHECK(store.it->approve_invited("orch-1", midday)->fault == Fault::unknown);
    CHECK((*store.it->find("orch-1"))->state == RegistrationState::unapproved);
}

TEST_CASE("an invitation approves what joined by it once, and nothing that an administrator decided") {
    const Store store;
    const auto made = store.invite({.manager = manager, .approve = true});
    REQUIRE(store.join(made.text, "orch-1", "own").fault == Fault::none);
    CHECK(store.it->approve_invited("orch-2", midday)->fault == Fault::unknown);
    const auto approved = store.it->approve_invited("orch-1", midday);
    REQUIRE(approved.ok());
    CHECK(approved->registration.state == RegistrationState::approved);
    CHECK(approved->terms_changed);
    CHECK(store.it->approve_invited("orch-1", midday)->fault == Fault::unknown);
    CHECK(store.it->revoke_invitation(made.invitation.id, "account:ann", midday)->fault == Fault::taken);

    const auto other = store.invite({.manager = manager, .approve = true});
    REQUIRE(store.join(other.text, "orch-2", "own").fault == Fault::none);
    REQUIRE(store.it->disconnect("orch-2", {Rank::approver, "account:ann"}, midday).ok());
    CHECK(store.it->approve_invited("orch-2", midday)->fault == Fault::restricted);
}

TEST_CASE("what an invitation says of pay goes with the approved registration, until it is removed") {
    const Store store;
    const auto made = store.invite({.manager = manager, .capability = "agent-net", .network = "arbitrum"});
    REQUIRE(store.join(made.text, "orch-1", "own").fault == Fault::none);
    const Actor admin{Rank::approver, "account:ann"};
    REQUIRE(store.it->approve("orch-1", admin, midday).ok());
    REQUIRE(store.it->approved()->size() == 1);
    CHECK(store.it->approved()->front().capability == "agent-net");
    CHECK(store.it->approved()->front().network == "arbitrum");
    REQUIRE(store.it->remove("orch-1", admin, midday).ok());
    CHECK(store.it->invitations()->empty());
    CHECK(store.it->approved()->empty());
}

TEST_CASE("of those that race with one invitation, one wins") {
    const Store store;
    constexpr std::size_t racers = 8;
    const auto made = store.invite();
    std::vector<std::unique_ptr<RegistrationStore>> stores;  // as of so many processes
    for (std::size_t at = 0; at < racers; ++at) stores.push_back(store.open());
    std::atomic<int> won{0};
    std::atomic<int> refused_as_used{0};
    {
        std::vector<std::jthread> threads;
        for (std::size_t at = 0; at < racers; ++at) {
            threads.emplace_back([&, at] {
                const auto out =
                    stores[at]->enroll(Store::request(made.text, cat("orch-", at), cat("own secret of ", at)), midday);
                if (!out) return;
                if (out->fault == Fault::none) ++won;
                if (out->fault == Fault::taken) ++refused_as_used;
            });
        }
    }
    CHECK(won == 1);
    CHECK(refused_as_used == racers - 1);
    CHECK(store.it->all()->size() == 1);
}

TEST_CASE("open invitations are bounded, and those that ended are forgotten beyond a bound") {
    const Store store;
    for (std::size_t at = 0; at < RegistrationStore::max_open_invitations; ++at) static_cast<void>(store.invite());
    const auto more = store.it->invite({.manager = manager}, "account:ann", evening, midday);
    REQUIRE_FALSE(more.ok());
    CHECK(more.error().status == STIPEND_E_LIMIT);
    // All of them have expired by then.
    const auto later = store.it->invite({.manager = manager}, "account:ann", evening + 2 * one_second, evening);
    REQUIRE(later.ok());
    for (std::size_t at = 0; at < 5; ++at) {
        REQUIRE(
            store.it->invite({.manager = manager}, "account:ann", evening + 9 * one_second, evening + 3 * one_second)
                .ok());
    }
    CHECK(store.it->invitations()->size() <= RegistrationStore::max_ended_invitations + 5);
}
