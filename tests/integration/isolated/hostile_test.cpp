// Plugins that pass the probe and turn hostile: the sandbox stops each, and the alert says by what.
#include <filesystem>

#include "isolated_rig.hpp"

using namespace isolated_test;

namespace {

// What the alert says of the end of a hostile plugin's process, once it was asked for a rate.
std::string end_of(const std::string& name, IsolatedRig& rig) {
    const auto price = rig.run(defect(name));
    const auto asked = wait(fetch(price));
    CHECK_FALSE(asked.ok());
    if (!asked.ok()) CHECK(asked.error().status == STIPEND_E_UNAVAILABLE);
    return rig.alerts.wait_for("price:process");
}

}  // namespace

TEST_CASE("a plugin that opens a file for writing is stopped") {
    IsolatedRig rig;
    CHECK(end_of("hostile_writes", rig).find("its process ended: stopped by its sandbox: openat") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists("/tmp/stipend-hostile"));
}

TEST_CASE("a plugin that opens a socket of its own is stopped") {
    IsolatedRig rig;
    CHECK(end_of("hostile_connects", rig).find("stopped by its sandbox: socket") != std::string::npos);
}

TEST_CASE("a plugin that starts a process is stopped") {
    IsolatedRig rig;
    CHECK(end_of("hostile_forks", rig).find("stopped by its sandbox: clone") != std::string::npos);
}

TEST_CASE("a plugin that has the kernel signal the host is stopped") {
    IsolatedRig rig;
    CHECK(end_of("hostile_signals", rig).find("stopped by its sandbox: fcntl") != std::string::npos);
}

TEST_CASE("a plugin that takes all memory ends at its limit, which is named") {
    IsolatedRig rig;
    rig.memory = std::uint64_t{128} << 20U;
    const auto said = end_of("hostile_eats_memory", rig);
    CHECK(said.find("at its limit of memory") != std::string::npos);
    CHECK(said.find("of 128 MiB") != std::string::npos);
}

TEST_CASE("a plugin reads none of the machine's files, where the kernel offers Landlock") {
    IsolatedRig rig;
    const auto price = rig.run(defect("hostile_reads"));
    if (!state().confined) return;
    // It ends itself where it can read one.
    CHECK(wait(fetch(price)).ok());
}

TEST_CASE("a plugin that speaks for its process is nonsense, and ended") {
    IsolatedRig rig;
    CHECK(end_of("hostile_talks", rig).find("answers nonsense: got a frame of 1 bytes") != std::string::npos);
}

TEST_CASE("a plugin that needs a process of its own is taken there, and refused in the host") {
    IsolatedRig rig;
    const auto taken = rig.load(defect("needs_process"));
    CHECK_MESSAGE(taken.ok(), (taken.ok() ? "" : taken.error().message));
    plugin::testing::Site site;
    const auto refused = site.loader.load({.plugin = defect("needs_process"), .id = {}, .sha256 = {}});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().message.find("needs a process of its own") != std::string::npos);
}
