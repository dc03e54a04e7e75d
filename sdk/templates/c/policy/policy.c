/* SPDX-License-Identifier: MIT
 *
 * Pays the base of a period in proportion to its uptime, from a threshold on; below that, nothing. */
#include <stipend/c/policy.h>

struct settings {
    uint32_t at_least_ppm; /* parts per million: 95 % is 950,000 */
};

/* The host has checked the configuration against the schema below. */
static stipend_status parse(const stipend_config* config, const stipend_terms* terms, struct settings* settings,
                            stipend_error* e) {
    (void)terms;
    return stipend_config_percent(config, "at_least", &settings->at_least_ppm, e);
}

static stipend_status decide(const struct settings* settings, const stipend_sample* sample, stipend_decision* decision,
                             stipend_error* e) {
    /* The payer's own failure is not the orchestrator's: no decision, the period is tried again. */
    if (sample->job == STIPEND_JOB_UNKNOWN) {
        decision->action = STIPEND_HOLD;
        STIPEND_SET_TEXT(decision->reason, "the payer could not look");
        return STIPEND_OK;
    }
    decision->action = STIPEND_SKIP;
    if (sample->job != STIPEND_JOB_OK || (sample->flags & STIPEND_SAMPLE_REPORTED) == 0) {
        decision->consecutive_failures = sample->consecutive_failures + 1;
        STIPEND_SET_TEXT(decision->tier, "failed");
        return STIPEND_OK;
    }
    decision->uptime_ppm = sample->reported_ppm;
    if (sample->reported_ppm < settings->at_least_ppm) {
        STIPEND_SET_TEXT(decision->tier, "below");
        return STIPEND_OK;
    }
    decision->action = STIPEND_PAY;
    decision->multiplier_ppm = sample->reported_ppm;
    STIPEND_SET_TEXT(decision->tier, "reached");
    const stipend_status status =
        stipend_usd_scale(sample->base_usd_e8, sample->reported_ppm, STIPEND_PPM_ONE, &decision->amount_usd_e8);
    return status == STIPEND_OK ? status : stipend_fail(e, status, NULL, "pay: the amount is out of range");
}

/* The most that one decision pays, and the least time to the next one; the host checks both. */
static stipend_status bounds(const struct settings* settings, const stipend_terms* terms, int64_t* max_usd_e8,
                             int64_t* min_next_ns, stipend_error* e) {
    (void)settings, (void)e;
    *max_usd_e8 = terms->base_usd_e8;
    *min_next_ns = terms->interval_ns;
    return STIPEND_OK;
}

static const stipend_descriptor descriptor = {
    .size = sizeof(stipend_descriptor),
    .id = "org.example.@NAME@", /* reverse DNS, of yours; it never changes */
    .name = "@NAME@",
    .version = "0.1.0",
    .vendor = "",
    .license = "MIT",
    .description = "Pays in proportion to uptime, from a threshold on.",
    .url = "",
    .config_schema_json =
        "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"at_least\"], \"properties\": {"
        "\"at_least\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 100,"
        " \"description\": \"Uptime in percent from which a period is paid.\"}}}",
    .kinds = stipend_c_policy_kinds,
};

/* The last two: increase `revision` when the same configuration decides otherwise, and `memory_version` when the meaning of
 * a decision's memory changes. */
STIPEND_C_POLICY(struct settings, descriptor, parse, decide, bounds, 1, 1);
