/* SPDX-License-Identifier: MIT */
#include "policy.c"

static int failures;
#define EXPECT(condition) \
    ((condition) ? (void)0 : (void)(++failures, fprintf(stderr, "%s:%d: want %s\n", __FILE__, __LINE__, #condition)))

static stipend_status parse_text(const char* json, struct settings* settings, stipend_error* e) {
    stipend_config config;
    const stipend_terms terms = {.size = sizeof terms, .interval_ns = 60000000000, .base_usd_e8 = 10 * STIPEND_E8};
    const stipend_status status = stipend_config_read(stipend_str_of(json), &config, e);
    return status == STIPEND_OK ? parse(&config, &terms, settings, e) : status;
}

static stipend_decision decided(const struct settings* settings, int32_t job, uint32_t reported_ppm) {
    stipend_decision decision = {.size = sizeof decision};
    const stipend_sample sample = {.size = sizeof sample,
                                   .job = job,
                                   .flags = STIPEND_SAMPLE_REPORTED,
                                   .reported_ppm = reported_ppm,
                                   .consecutive_failures = 2,
                                   .base_usd_e8 = 10 * STIPEND_E8};
    EXPECT(decide(settings, &sample, &decision, NULL) == STIPEND_OK);
    return decision;
}

int main(void) {
    struct settings settings = {0};
    stipend_error e = {.size = sizeof e};
    EXPECT(parse_text("{\"at_least\": 101}", &settings, &e) == STIPEND_E_CONFIG);
    EXPECT(strcmp(e.path, "/at_least") == 0);
    EXPECT(strcmp(e.message, "got 101, want a number in 0 .. 100 with at most 4 decimals") == 0);
    EXPECT(parse_text("{\"at_least\": 95.5}", &settings, &e) == STIPEND_OK);

    stipend_decision decision = decided(&settings, STIPEND_JOB_OK, 955000);
    EXPECT(decision.action == STIPEND_PAY && decision.amount_usd_e8 == 955000000);
    decision = decided(&settings, STIPEND_JOB_OK, 954999);
    EXPECT(decision.action == STIPEND_SKIP && decision.amount_usd_e8 == 0 && decision.consecutive_failures == 0);
    decision = decided(&settings, STIPEND_JOB_FAILED, 0);
    EXPECT(decision.action == STIPEND_SKIP && decision.consecutive_failures == 3);
    decision = decided(&settings, STIPEND_JOB_UNKNOWN, 0);
    EXPECT(decision.action == STIPEND_HOLD);
    return failures == 0 ? 0 : 1;
}
