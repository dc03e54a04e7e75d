/* A dispatcher sends a job to one orchestrator and reports the outcome. The wire format of the job is up to the
 * dispatcher, and so is the blame for a failure, since only it can interpret the responses of its network. */
#ifndef STIPEND_ABI_DISPATCH_H
#define STIPEND_ABI_DISPATCH_H

#include "policy.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_DISPATCH "stipend.dispatch/1"

enum { /* stipend_job.flags */
    STIPEND_JOB_KNOWN = 1,          /* the network has responded for this orchestrator before */
    STIPEND_JOB_NEEDS_SIGNATURE = 2, /* a response without valid signed evidence is rejected */
    STIPEND_JOB_REGISTERED = 4, /* its address comes from a registration, not from the operator: a request to it sets
                                  STIPEND_HTTP_PUBLIC_TARGET */
    STIPEND_JOB_CALL = 8 /* a call that an account of the operator distributes, with `call_type` and `payload`: no
                            check. It is sent once; its outcome counts for nothing, and its fee like that of any job. A
                            dispatcher that has no use for it ends it as STIPEND_JOB_UNKNOWN. */
};
enum { /* stipend_job_result.flags */
    STIPEND_RESULT_REPORTED = 1, /* reported_ppm is set */
    STIPEND_RESULT_SIGNED = 2,   /* the evidence is signed and verified */
    STIPEND_RESULT_ANSWERED = 4, /* the network responded for this orchestrator: it is `known` from now on */
    STIPEND_RESULT_UNLISTED = 8, /* the network does not know this orchestrator (with JOB_UNKNOWN) */
    STIPEND_RESULT_OVER_FEE = 16, /* not sent: it would cost more than max_fee_wei (with JOB_UNKNOWN); the host alerts */
    STIPEND_RESULT_UNFUNDED = 32 /* the payer's deposit is too low for the job (with JOB_UNKNOWN); the dispatcher alerts */
};

typedef struct stipend_job { /* one job for one orchestrator; borrowed for the call */
    uint32_t size;
    uint32_t attempt;
    stipend_str job_id; /* idempotency key */
    stipend_str orchestrator_id;
    stipend_str address;           /* its URL */
    stipend_str service_addresses; /* other addresses that it may announce, separated by '\n' */
    stipend_str capability;
    stipend_str public_key; /* hex Ed25519 key of its worker; may be empty */
    stipend_bytes nonce;    /* unique for each job */
    stipend_u256 max_fee_wei; /* what is left of the budget; 0: no limit. `reserve` of fees.h decides */
    stipend_unix_ns period_from; /* the pay period that the job covers */
    stipend_unix_ns period_to;
    uint32_t window_s; /* the window that the worker reports on */
    uint32_t flags;
    stipend_str call_type; /* of a call: 1 to 100 bytes of UTF-8; otherwise empty, as is `payload` */
    stipend_str payload;   /* of a call: one JSON object as text, at most 64 KiB */
} stipend_job;

typedef struct stipend_job_result { /* borrowed for the call */
    uint32_t size;
    int32_t outcome; /* STIPEND_JOB_* */
    int32_t http_status;
    uint32_t flags;
    uint32_t reported_ppm;
    uint32_t reported_window_s; /* 0: not reported */
    stipend_str served_by;
    stipend_str reason;     /* why it is not OK; if it is: the services below 100 %, see services_below.hpp, or empty */
    stipend_bytes evidence; /* the body of the response as received, bounded */
    stipend_u256 fee_wei;   /* the most that can have been charged: replaces what was reserved if it is lower */
    int64_t latency_ns;
} stipend_job_result;

typedef struct stipend_offer { /* the capacity and price that an orchestrator offers */
    uint32_t size;
    int32_t reachable;
    int64_t capacity;
    stipend_u256 price_wei_per_s;
    stipend_str announced_address;
    int64_t latency_ns;
} stipend_offer;

typedef struct stipend_dispatch_v1 {
    /* Sends a job; completes with a stipend_job_result, also after a network failure. [pool & started] */
    stipend_status (*submit)(stipend_instance* i, const stipend_job* j, stipend_completion c, stipend_error* e);
    /* Requests the offer of an orchestrator; completes with a stipend_offer. [pool & started] */
    stipend_status (*inspect)(stipend_instance* i, stipend_str address, stipend_str capability, stipend_completion c,
                              stipend_error* e);
    /* Cancels an operation. [any] A finished one is ignored. */
    void (*cancel)(stipend_instance* i, stipend_op op);
} stipend_dispatch_v1;

#ifdef __cplusplus
}
#endif
#endif
