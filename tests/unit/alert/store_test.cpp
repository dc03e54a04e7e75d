#include "host/alert/store.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <string>

using namespace stipend;
using namespace stipend::alert;

namespace {

class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "stipend-alerts-XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() {
        std::error_code none;
        std::filesystem::remove_all(path_, none);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::filesystem::path file() const { return store_file(path_); }

  private:
    std::filesystem::path path_;
};

std::unique_ptr<Store> open(const Folder& folder) {
    auto store = Store::open(folder.file());
    REQUIRE_MESSAGE(store.ok(), (store ? "" : store.error().message));
    return std::move(store).value();
}

}  // namespace

TEST_CASE("what is written is there after the file is opened again, and what is removed is not") {
    const Folder folder;
    Changes changes;
    changes.active = {
        {.id = "a", .severity = STIPEND_ALERT_CRITICAL, .text = "x", .since = 5, .notified = {{"ops", 7}}},
        {.id = "b", .text = "y", .since = 6}};
    changes.added = {{.number = 3,
                      .receiver = "ops",
                      .delivery_id = "0123",
                      .alert_id = "a",
                      .severity = STIPEND_ALERT_CRITICAL,
                      .resolved = true,
                      .repeated = true,
                      .text = "x",
                      .since = 5,
                      .ended = 9,
                      .queued = 8},
                     {.number = 2, .receiver = "ops", .delivery_id = "4567", .alert_id = "b"}};
    changes.silences_changed = changes.dropped_changed = true;
    changes.silences = {{.match = "s:*", .since = 1, .until = 2, .reason = "why", .by = "me"}};
    changes.dropped = {{"ops", 4}};
    REQUIRE(open(folder)->write(changes).ok());

    auto state = open(folder)->load();
    REQUIRE(state.ok());
    REQUIRE(state->active.size() == 2);
    CHECK(state->active[0].severity == STIPEND_ALERT_CRITICAL);
    CHECK(state->active[0].notified == std::map<std::string, stipend_unix_ns>{{"ops", 7}});
    CHECK(state->active[1].notified.empty());
    REQUIRE(state->pending.size() == 2);
    CHECK(state->pending[0].number == 2);
    const auto& last = state->pending[1];
    CHECK(last.delivery_id == "0123");
    CHECK(last.resolved);
    CHECK(last.repeated);
    CHECK(last.ended == 9);
    CHECK(last.queued == 8);
    REQUIRE(state->silences.size() == 1);
    CHECK(state->silences[0].by == "me");
    CHECK(state->dropped == std::map<std::string, std::uint64_t>{{"ops", 4}});

    Changes next;
    next.active = {{.id = "b", .text = "z", .since = 6, .notified = {{"new", 1}}}};
    next.ended = {"a"};
    next.removed = {3};
    next.dropped_changed = next.silences_changed = true;
    REQUIRE(open(folder)->write(next).ok());
    state = open(folder)->load();
    REQUIRE(state.ok());
    REQUIRE(state->active.size() == 1);
    CHECK(state->active[0].text == "z");
    CHECK(state->active[0].notified.contains("new"));
    CHECK(state->pending.size() == 1);
    CHECK(state->silences.empty());
    CHECK(state->dropped.empty());

    Changes everything{.everything = true};
    REQUIRE(open(folder)->write(everything).ok());
    state = open(folder)->load();
    REQUIRE(state.ok());
    CHECK(state->active.empty());
    CHECK(state->pending.empty());
}

TEST_CASE("a file that is no store is refused as such") {
    const Folder folder;
    std::ofstream(folder.file()) << std::string(8192, 'x');
    auto opened = Store::open(folder.file());
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().status == STIPEND_E_INVALID);
    CHECK(opened.error().message.starts_with(folder.file().native()));
}
