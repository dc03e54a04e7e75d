/* A dispatcher sends a job to one orchestrator and says how it ended. What the job looks like on the wire is its own
 * business; so is whose fault a failure was, since only it can read the answers of its network. */
#ifndef STIPEND_ABI_DISPATCH_H
#define STIPEND_ABI_DISPATCH_H

#include "policy.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_DISPATCH "stipend.dispatch/1"

enum { /* stipend_job.flags */
    STIPEND_JOB_KNOWN = 1,          /* the network has answered for this orchestrator before */
    STIPEND_JOB_NEEDS_SIGNATURE = 2 /* an answer without valid signed evidence does not count */
};
enum { /* stipend_job_result.flags */
    STIPEND_RESULT_REPORTED = 1, /* reported_ppm is there */
    STIPEND_RESULT_SIGNED = 2,   /* the evidence is signed and verified */
    STIPEND_RESULT_ANSWERED = 4, /* the network answered for this orchestrator: from now on it is `known` */
    STIPEND_RESULT_UNLISTED = 8  /* the network knows no such orchestrator (with JOB_UNKNOWN) */
};

typedef struct stipend_job { /* one job for one orchestrator; borrowed for the call */
    uint32_t size;
    uint32_t attempt;
    stipend_str job_id; /* idempotency key */
    stipend_str orchestrator_id;
    stipend_str address;           /* where it is asked */
    stipend_str service_addresses; /* further addresses that it may announce, separated by '\n' */
    stipend_str capability;
    stipend_str public_key; /* hex Ed25519 key of its worker; empty for none */
    stipend_bytes nonce;    /* fresh for each job */
    stipend_u256 max_fee_wei;
    stipend_unix_ns period_from; /* the pay period that is asked about */
    stipend_unix_ns period_to;
    uint32_t window_s; /* how far back the worker shall look */
    uint32_t flags;
} stipend_job;

typedef struct stipend_job_result { /* borrowed for the call */
    uint32_t size;
    int32_t outcome; /* STIPEND_JOB_* */
    int32_t http_status;
    uint32_t flags;
    uint32_t reported_ppm;
    uint32_t reported_window_s; /* 0: the worker did not say */
    stipend_str served_by;
    stipend_str reason;     /* why it is not OK; empty where it is */
    stipend_bytes evidence; /* the answer's body, bounded, as received */
    stipend_u256 fee_wei;
    int64_t latency_ns;
    stipend_unix_ns finished_at;
} stipend_job_result;

typedef struct stipend_offer { /* what an orchestrator offers */
    uint32_t size;
    int32_t reachable;
    int64_t capacity;
    stipend_u256 price_wei_per_s;
    stipend_str announced_address;
    int64_t latency_ns;
} stipend_offer;

typedef struct stipend_dispatch_v1 {
    /* Sends a job; completes with a stipend_job_result, whatever happened on the network. [worker & started] */
    stipend_status (*submit)(stipend_instance* i, const stipend_job* j, stipend_completion c, stipend_error* e);
    /* Asks what an orchestrator offers; completes with a stipend_offer. [worker & started] */
    stipend_status (*inspect)(stipend_instance* i, stipend_str address, stipend_str capability, stipend_completion c,
                              stipend_error* e);
    /* Ends an operation early. [any] A dead one is ignored. */
    void (*cancel)(stipend_instance* i, stipend_op op);
} stipend_dispatch_v1;

#ifdef __cplusplus
}
#endif
#endif
