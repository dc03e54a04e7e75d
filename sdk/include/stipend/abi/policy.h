/* A policy decides what is owed, in US dollars. It is a pure function of a sample and of its own small memory: no clock,
 * no host, no exchange rate, no floating point. The same input gives the same output, byte for byte, on every machine,
 * so that history can be decided again under another configuration. What the dollars are in the asset that is paid, the
 * host computes, at the rate of the decision. */
#ifndef STIPEND_ABI_POLICY_H
#define STIPEND_ABI_POLICY_H

#include "lifecycle.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_POLICY "stipend.policy/1"

enum { /* how the period's job ended */
    STIPEND_JOB_OK = 1,
    STIPEND_JOB_FAILED = 2,
    STIPEND_JOB_UNKNOWN = 3 /* the payer's own failure: neither paid nor punished */
};
enum {
    STIPEND_PAY = 1,
    STIPEND_SKIP = 2, /* a decision that nothing is owed */
    STIPEND_HOLD = 3  /* no decision, for lack of data: the epoch stays open */
};
enum { /* stipend_sample.flags */
    STIPEND_SAMPLE_REPORTED = 1, /* reported_ppm is set */
    STIPEND_SAMPLE_OBSERVED = 2, /* observed_ppm and coverage_ppm are set */
    STIPEND_SAMPLE_SUSPENDED = 4 /* suspended before this epoch */
};
enum { STIPEND_DECISION_SUSPENDED = 1 }; /* stipend_decision.flags: suspended from now on */

typedef struct stipend_memory { /* private to the policy, stored by the host for each account; zero at first */
    uint8_t bytes[128];
} stipend_memory;

typedef struct stipend_sample { /* the behaviour of one orchestrator in one pay period */
    uint32_t size;
    int32_t job;
    uint64_t epoch; /* 1 for the first decision of an account */
    stipend_unix_ns evaluated_at;
    int64_t interval_ns;
    uint32_t reported_ppm; /* uptime that the worker reports, in parts per million */
    uint32_t observed_ppm; /* time-weighted uptime that the host measured; undefined if coverage_ppm is 0 */
    uint32_t coverage_ppm; /* the share of the period that the host observed */
    uint32_t consecutive_failures; /* before this epoch */
    uint32_t flags;
    uint32_t reported_window_s; /* the window of reported_ppm; 0: unknown */
    uint64_t checks_total;      /* decisions made before this epoch ... */
    uint64_t checks_ok;         /* ... and those of them after which no failure was counted */
    int64_t base_usd_e8;
    int64_t latency_ns;
    stipend_memory memory; /* as returned by the last decision */
    /* The payer's demand, as a factor that the host computes of its own jobs alone, in parts per million; the same for
     * all samples of a batch. 0: the host computes none, or is older than this field. See dynamic-pricing.md. */
    uint32_t demand_ppm;
    uint32_t reserved; /* 0 */
} stipend_sample;

typedef struct stipend_decision { /* without pointers: stored and compared byte by byte */
    uint32_t size;
    int32_t action;
    int64_t amount_usd_e8;   /* owed, in 1e-8 USD, rounded down; above 0 only with PAY */
    int64_t delay_ns;        /* the tier's; added to the interval before the next epoch is due */
    int64_t penalty_ns;      /* the punishment's; added as well */
    uint32_t multiplier_ppm; /* for the reader: the host does not multiply */
    uint32_t uptime_ppm;     /* the uptime that the decision is based on: at most 1,000,000 */
    uint32_t consecutive_failures;
    uint32_t flags;
    char tier[32];    /* NUL-terminated UTF-8, the rest zero */
    char reason[128]; /* likewise */
    stipend_memory memory;
} stipend_decision;

typedef struct stipend_policy_v1 {
    uint32_t revision;       /* increases when the same configuration may decide otherwise */
    uint32_t memory_version; /* the host zeroes the memory of another plugin or version */
    /* Decides `count` independent samples. Strides are in bytes. [pure] Callable until `destroy`, also while quiesced.
     * The records of `out` come zeroed with their `size` set. On failure all of `out` is discarded. Of a HOLD the host
     * discards the memory and the failure count. */
    stipend_status (*decide)(const stipend_instance* i, const stipend_sample* in, uint64_t in_stride,
                             stipend_decision* out, uint64_t out_stride, uint64_t count, stipend_error* e);
    /* The maximum pay of one decision under these terms, and the minimum time to the next one. [pure] The host checks
     * every decision against both, and computes the maximum spend of a day from them. */
    stipend_status (*bounds)(const stipend_instance* i, const stipend_terms* t, int64_t* max_usd_e8,
                             int64_t* min_next_ns, stipend_error* e);
} stipend_policy_v1;

#ifdef __cplusplus
}
#endif
#endif
