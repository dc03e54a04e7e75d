#include "host/runtime/observation.hpp"

#include <doctest/doctest.h>

#include "stipend/record.hpp"

using namespace stipend;
using namespace stipend::runtime;

namespace {

constexpr stipend_unix_ns start = 1'800'000'000 * ns_per_s;

class Clocks final : public Clock {
  public:
    std::int64_t passed_ns = 0, set_ns = 0;
    [[nodiscard]] stipend_unix_ns now() const override { return start + passed_ns + set_ns; }
    [[nodiscard]] stipend_mono_ns monotonic() const override { return passed_ns; }
};

struct Scene {
    Clocks clocks;
    TimeLine line{clocks};
    stipend_observation record = make_record<stipend_observation>();

    Scene() {
        clocks.passed_ns = 100 * ns_per_s;
        record.verdict = STIPEND_UP;
        record.target_id = to_abi("svc");
        at(90, 100);
    }
    void at(std::int64_t from_s, std::int64_t to_s) {
        record.started_at = start + from_s * ns_per_s;
        record.ended_at = start + to_s * ns_per_s;
    }
    [[nodiscard]] ObservationReport read(LookKind look, std::int64_t begun_s = 89) const {
        return read_observation(record, line, start + begun_s * ns_per_s, look);
    }
};

}  // namespace

TEST_CASE("observation: its time is the host's, also where the wall clock was set") {
    for (const std::int64_t hours : {0, 1, -1}) {
        Scene scene;
        scene.clocks.set_ns = hours * 3600 * ns_per_s;
        scene.at(90 + hours * 3600, 100 + hours * 3600);
        const auto report = scene.read(LookKind::probe);
        CHECK(report.defect.empty());
        CHECK(report.verdict == STIPEND_UP);
        CHECK(report.from == start + 90 * ns_per_s);
        CHECK(report.to == start + 100 * ns_per_s);
    }
}

TEST_CASE("observation: time before the look is refused of a probe, cut off a watch, and believed of one with a past") {
    Scene scene;
    scene.at(-3600, 100);
    CHECK(scene.read(LookKind::probe).defect == "started_at: got a time 3689s before the look began");
    CHECK(scene.read(LookKind::probe).verdict == STIPEND_UNKNOWN);
    CHECK(scene.read(LookKind::watch).defect.empty());
    CHECK(scene.read(LookKind::watch).from == start + 89 * ns_per_s);
    CHECK(scene.read(LookKind::watch_with_past).from == start - 3600 * ns_per_s);
    scene.at(-3600, 0);
    CHECK(!scene.read(LookKind::watch).defect.empty());
    CHECK(scene.read(LookKind::watch_with_past).defect.empty());
    scene.at(88, 100);  // within what two clocks may differ by
    CHECK(scene.read(LookKind::probe).defect.empty());
    CHECK(scene.read(LookKind::probe).from == start + 89 * ns_per_s);
}

TEST_CASE("observation: time of the future is refused, and a moment ahead is now") {
    Scene scene;
    scene.at(90, 101);
    CHECK(scene.read(LookKind::probe).to == start + 100 * ns_per_s);
    scene.at(90, 7300);
    for (const auto look : {LookKind::probe, LookKind::watch, LookKind::watch_with_past}) {
        CHECK(scene.read(look).defect == "ended_at: got a time 2h ahead, want none of the future");
    }
}

TEST_CASE("observation: times at the ends of their range neither overflow nor pass") {
    for (const std::int64_t at : {INT64_MIN, std::int64_t{-1}, INT64_MAX}) {
        Scene scene;
        scene.clocks.set_ns = -3600 * ns_per_s;
        scene.record.started_at = at;
        scene.record.ended_at = at;
        const auto report = scene.read(LookKind::watch_with_past);
        CHECK(report.defect.starts_with("started_at: got "));
        CHECK(report.from == start + 100 * ns_per_s);
    }
}

TEST_CASE("observation: its texts are one printable line") {
    Scene scene;
    scene.record.evidence = bytes_to_abi("a\n\x1B[2J\xFF");
    scene.record.target_id = to_abi("s\nvc");
    const auto report = scene.read(LookKind::probe);
    CHECK(report.why == "a<U+000A><U+001B>[2J<0xFF>");
    CHECK(report.id == "s<U+000A>vc");
}
