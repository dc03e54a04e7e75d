// The template's policy in C, called as a host calls it: through the table of its exported entry.
#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "stipend/abi/entry.h"
#include "stipend/abi/policy.h"
#include "stipend/record.hpp"
#include "stipend/usd.hpp"

extern "C" const stipend_entry stipend_entry_v1;

using namespace stipend;

namespace {

const auto terms = make_terms(60'000'000'000, 10 * e8);

struct Instance {
    explicit Instance(const char* json) {
        status = life.create(nullptr, to_abi(id), to_abi("test"), to_abi(json), &terms, &raw, &error);
    }
    ~Instance() {
        if (raw != nullptr) life.destroy(raw);
    }
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;
    [[nodiscard]] const stipend_policy_v1& policy() const {
        return *static_cast<const stipend_policy_v1*>(life.get_interface(raw, STIPEND_POLICY));
    }
    const stipend_lifecycle_v1& life = *stipend_entry_v1.lifecycle;
    std::string id = stipend_entry_v1.describe(0)->id;
    stipend_error error = empty_error();
    stipend_instance* raw = nullptr;
    stipend_status status;
};

}  // namespace

TEST_CASE("a library in C has one plugin with a whole description") {
    CHECK(stipend_entry_v1.count() == 1);
    CHECK(stipend_entry_v1.describe(1) == nullptr);
    CHECK(std::string(stipend_entry_v1.describe(0)->kinds[0]) == STIPEND_POLICY);
    CHECK(stipend_entry_v1.describe(0)->kinds[1] == nullptr);
    CHECK((stipend_entry_v1.check_target == nullptr));
}

TEST_CASE("a configuration that is refused makes no instance and says where") {
    const Instance refused(R"({"at_least": "most"})");
    CHECK(refused.status == STIPEND_E_CONFIG);
    CHECK(refused.raw == nullptr);
    CHECK(std::string(refused.error.path) == "/at_least");
    auto error = empty_error();
    CHECK(refused.life.check_config(to_abi(refused.id), to_abi("{}"), &terms, &error) == STIPEND_E_CONFIG);
    CHECK(std::string(error.message).find("missing, want ") == 0);
    CHECK(refused.life.check_config(to_abi(refused.id), to_abi(R"({"at_least": 1})"), &terms, nullptr) == STIPEND_OK);
}

TEST_CASE("samples and decisions of other lengths and strides are decided") {
    const Instance instance(R"({"at_least": 50})");
    REQUIRE(instance.status == STIPEND_OK);
    CHECK(instance.life.get_interface(instance.raw, "stipend.price/1") == nullptr);
    auto sample = make_record<stipend_sample>();
    sample.job = STIPEND_JOB_OK;
    sample.flags = STIPEND_SAMPLE_REPORTED;
    sample.reported_ppm = 750'000;
    sample.base_usd_e8 = 10 * e8;
    // A host of another version: its samples end before demand_ppm, and lie apart; its decisions are longer.
    sample.size = offsetof(stipend_sample, demand_ppm);
    constexpr std::size_t in_stride = offsetof(stipend_sample, demand_ppm) + 8;
    constexpr std::size_t out_stride = sizeof(stipend_decision) + 16;
    constexpr std::uint64_t count = 3;
    std::vector<std::uint64_t> in(in_stride * count / 8), out(out_stride * count / 8);
    for (std::uint64_t k = 0; k < count; ++k) {
        sample.reported_ppm = static_cast<std::uint32_t>(250'000 * (k + 1));
        std::memcpy(reinterpret_cast<char*>(in.data()) + k * in_stride, &sample, sample.size);
        const auto size = static_cast<std::uint32_t>(out_stride);
        std::memcpy(reinterpret_cast<char*>(out.data()) + k * out_stride, &size, sizeof size);
    }
    REQUIRE(instance.policy().decide(instance.raw, reinterpret_cast<const stipend_sample*>(in.data()), in_stride,
                                     reinterpret_cast<stipend_decision*>(out.data()), out_stride, count,
                                     nullptr) == STIPEND_OK);
    const std::int64_t want[] = {0, 5 * e8, 750'000'000};
    for (std::uint64_t k = 0; k < count; ++k) {
        stipend_decision decision;
        std::memcpy(&decision, reinterpret_cast<const char*>(out.data()) + k * out_stride, sizeof decision);
        CHECK(decision.size == out_stride);
        CHECK(decision.amount_usd_e8 == want[k]);
        CHECK(decision.action == (want[k] == 0 ? STIPEND_SKIP : STIPEND_PAY));
    }
    std::int64_t most = 0, least = 0;
    CHECK(instance.policy().bounds(instance.raw, &terms, &most, &least, nullptr) == STIPEND_OK);
    CHECK((most == 10 * e8 && least == 60'000'000'000));
}
