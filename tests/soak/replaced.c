/* A policy that is compiled as eight builds, each with its own id, pay and tier. What a build decides comes from its
 * code, which is at the beginning of the file, and from its data, which is at the end: a mixture of two builds decides
 * what neither of them does. The pages between them are the same in all builds. */
#include <stdint.h>

#ifndef BUILD
#error "BUILD is 0 to 7"
#endif
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

__attribute__((used)) static const volatile char read_only_pages[64 * 1024] = {1};
__attribute__((used)) static volatile char written_pages[64 * 1024] = {1};
static volatile char digit = TEXT(BUILD)[0];

/* The memory counts the decisions that builds of this id made one after the other. */
#define DEFECT_ID           \
    "org.example.replaced." \
    "b" TEXT(BUILD)
#define DEFECT_DECIDE_ONE(d) decide_one(sample, d)
#include "stipend/abi/policy.h"
static void decide_one(const stipend_sample* sample, stipend_decision* decision);
#include "../defects/defect.h"

static void decide_one(const stipend_sample* sample, stipend_decision* decision) {
    const int good = sample->job == STIPEND_JOB_OK && (sample->flags & STIPEND_SAMPLE_REPORTED) != 0;
    decision->action = good ? STIPEND_PAY : STIPEND_SKIP;
    if (good) decision->amount_usd_e8 = sample->base_usd_e8 / 10 * (BUILD + 1);
    if (good) decision->uptime_ppm = sample->reported_ppm;
    /* A failed check takes longer than an interval of the test: without a pause such an orchestrator falls behind. */
    if (!good) decision->penalty_ns = 2 * sample->interval_ns;
    decision->consecutive_failures = good ? 0 : sample->consecutive_failures + 1;
    memcpy(decision->tier, "build-", 6);
    decision->tier[6] = digit;
    uint32_t made = 0;
    memcpy(&made, sample->memory.bytes, sizeof made);
    ++made;
    memcpy(decision->memory.bytes, &made, sizeof made);
    char* out = decision->reason;
    for (uint32_t unit = 1000000000; unit != 0; unit /= 10) {
        if (made >= unit || unit == 1) *out++ = (char)('0' + made / unit % 10);
    }
}
