/* A settlement plugin knows how one chain spells a payment. The host owns the ledger and so the slots: a slot is a
 * number that the chain executes at most once (an account's nonce). */
#ifndef STIPEND_ABI_SETTLEMENT_H
#define STIPEND_ABI_SETTLEMENT_H

#include "stipend/abi/lifecycle.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_SETTLEMENT "stipend.settlement/1"

typedef struct stipend_payment { /* borrowed for the call */
    uint32_t size;
    uint32_t reserved0;
    stipend_str payment_id;
    uint8_t to[20];
    uint8_t reserved1[4];
    stipend_u256 amount; /* in the smallest unit of the asset that the instance pays in */
} stipend_payment;

typedef struct stipend_fees {
    uint32_t size;
    uint32_t reserved0;
    stipend_u256 tip_wei; /* per gas */
    stipend_u256 cap_wei; /* per gas */
    stipend_u256 gas;
} stipend_fees;

typedef struct stipend_account {
    uint32_t size;
    uint32_t reserved0;
    uint64_t chain_id;
    uint64_t next_slot;
    uint64_t head; /* block number */
    stipend_u256 balance_wei;
    stipend_fees suggested;
} stipend_account;

typedef struct stipend_sighting { /* what the chain knows of one attempt */
    uint32_t size;
    int32_t phase; /* 0 unknown, 1 waiting, 2 in a block */
    uint8_t id[32];
    uint8_t block_hash[32];
    uint64_t block;
    uint64_t depth;
    stipend_u256 fee_wei;
    int32_t executed; /* 1 it did what it should, 0 it was reverted */
    uint32_t reserved0;
} stipend_sighting;

typedef struct stipend_settlement_v1 {
    /* Builds and signs the bytes that pay `count` payments in one slot; sends nothing. The same arguments give the
     * same bytes. [pool & started] */
    stipend_status (*bind)(stipend_instance* i, uint64_t slot, const stipend_fees* f, const stipend_payment* p,
                           uint64_t count, uint64_t stride, uint8_t out_id[32], const stipend_sink* out_bytes,
                           stipend_error* e);
    /* Sends bytes; may be repeated for ever. Completes with no record. [pool & started] */
    stipend_status (*send)(stipend_instance* i, stipend_bytes bytes, stipend_completion c, stipend_error* e);
    /* Asks what the chain knows of each id; completes with `count` stipend_sighting. [pool & started] */
    stipend_status (*sight)(stipend_instance* i, const uint8_t (*ids)[32], uint64_t count, stipend_completion c,
                            stipend_error* e);
    /* Asks for the payer's account; completes with a stipend_account. [pool & started] */
    stipend_status (*account)(stipend_instance* i, stipend_completion c, stipend_error* e);
    /* Ends an operation early. [any] A dead one is ignored. */
    void (*cancel)(stipend_instance* i, stipend_op op);
} stipend_settlement_v1;

#ifdef __cplusplus
}
#endif
#endif
