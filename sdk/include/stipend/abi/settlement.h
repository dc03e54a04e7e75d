/* A settlement plugin knows how one chain spells a payment. The host owns the ledger, and so the slots: a slot is a number
 * that the chain executes at most once for one payer (an account's nonce). The host assigns a slot durably before it asks
 * for a signature, records the signed bytes before it sends them, and pays only by what the chain says of them.
 *
 * No text of an error decides: an operation that fails says nothing of the chain, and is asked again. */
#ifndef STIPEND_ABI_SETTLEMENT_H
#define STIPEND_ABI_SETTLEMENT_H

#include "lifecycle.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_SETTLEMENT "stipend.settlement/1"

typedef struct stipend_payment {
    uint32_t size;
    uint8_t to[20];
    stipend_u256 amount; /* in the smallest unit of the asset that the instance pays in */
} stipend_payment;

typedef struct stipend_fees {
    uint32_t size;
    uint32_t reserved0;
    stipend_u256 tip_wei; /* per gas */
    stipend_u256 cap_wei; /* per gas; not below the tip */
    uint64_t gas;         /* the limit */
} stipend_fees;

/* What is to be signed for one slot; borrowed for the call. */
typedef struct stipend_slot {
    uint32_t size;
    uint32_t reserved0;
    uint64_t slot;
    uint8_t payer[20];    /* the account that the slot belongs to; the plugin refuses another one */
    uint8_t reserved1[4];
    uint8_t batch[32];    /* the id of a batch; all zero: one payment, or none */
    uint64_t count;       /* of payments; 0: the slot is given up, by a transaction that pays nothing */
    uint64_t stride;      /* between two payments, in bytes */
    const stipend_payment* payments;
    stipend_fees fees;
} stipend_slot;

typedef struct stipend_account { /* the payer, as the chain has it now; borrowed for the call, as all records below */
    uint32_t size;
    uint32_t flags; /* STIPEND_ACCOUNT_* */
    uint64_t chain_id;
    uint8_t payer[20];
    uint8_t reserved0[4];
    uint64_t next_slot;       /* behind the last one that the newest block has executed */
    uint64_t final_next_slot; /* the same in the newest block that can no longer be replaced */
    uint64_t head;            /* number of the newest block */
    stipend_unix_ns head_at;
    uint64_t final_head;
    stipend_u256 coins_wei;  /* what the payer can spend on fees */
    stipend_u256 funds;      /* what it can pay out, in the smallest unit of the asset */
    stipend_u256 base_fee_wei;
    stipend_fees suggested; /* its gas is 0 */
} stipend_account;
enum {
    STIPEND_ACCOUNT_DISAGREE = 1 /* the plugin's endpoints contradict each other: nothing is signed meanwhile */
};

typedef struct stipend_estimate {
    uint32_t size;
    int32_t accepted; /* 0: the chain would refuse it, such as a contract that rejects payments; `reason` says how */
    uint64_t gas;     /* the limit to set; 0 if it is not accepted */
    stipend_str reason;
    uint64_t likely; /* the gas that it probably takes, at most `gas`; 0: not known */
} stipend_estimate;

enum { /* stipend_signed.kind */
    STIPEND_SIGNED_PAYS = 0,
    STIPEND_SIGNED_GIVES_UP = 1, /* pays nothing */
    STIPEND_SIGNED_REFUSED = 2   /* the signer does not sign this, and has signed nothing; `reason` begins with its code */
};

typedef struct stipend_signed {
    uint32_t size;
    int32_t kind;    /* STIPEND_SIGNED_* */
    uint8_t id[32];  /* by which the chain names the bytes */
    stipend_bytes raw;
    stipend_fees fees;
    stipend_str reason;
} stipend_signed;

typedef struct stipend_signed_list { /* all that was ever signed for one slot, the oldest first */
    uint32_t size;
    uint32_t reserved0;
    uint64_t count;
    uint64_t stride;
    const stipend_signed* items;
} stipend_signed_list;

enum { STIPEND_SIGHTING_NONE = 0, STIPEND_SIGHTING_WAITING = 1, STIPEND_SIGHTING_IN_BLOCK = 2 };

enum { /* stipend_sighting.executed */
    STIPEND_OUTCOME_REVERTED = 0, /* it moved nothing */
    STIPEND_OUTCOME_DONE = 1,     /* it did what it should */
    STIPEND_OUTCOME_OTHER = 2     /* it did something else, such as a token that takes a fee: only a person settles it */
};

typedef struct stipend_sighting { /* what the chain knows of one attempt */
    uint32_t size;
    int32_t phase; /* STIPEND_SIGHTING_*; the rest is set only for one in a block */
    uint8_t id[32];
    uint8_t block_hash[32];
    uint64_t block;
    uint64_t depth;       /* blocks above it */
    stipend_u256 fee_wei; /* all that it cost beside what it paid */
    int32_t executed;     /* STIPEND_OUTCOME_* */
    int32_t final;        /* 1: its block can no longer be replaced */
    uint64_t count;       /* of a batch: its payments, in their order; 0 otherwise */
    const uint8_t* paid;  /* of a batch: 1 or 0 for each */
    stipend_str reason;   /* of STIPEND_OUTCOME_OTHER: what it did; not empty then */
} stipend_sighting;

typedef struct stipend_sighting_list {
    uint32_t size;
    uint32_t reserved0;
    uint64_t count; /* as many as ids were asked for, in their order */
    uint64_t stride;
    const stipend_sighting* items;
} stipend_sighting_list;

typedef struct stipend_settlement_v1 {
    /* Asks for the payer's account; completes with a stipend_account. [pool & started] */
    stipend_status (*account)(stipend_instance* i, stipend_completion c, stipend_error* e);
    /* Asks what a slot would take: `slot` and `fees` of the request do not count; completes with a stipend_estimate.
     * [pool & started] */
    stipend_status (*estimate)(stipend_instance* i, const stipend_slot* s, stipend_completion c, stipend_error* e);
    /* Signs, and sends nothing; completes with a stipend_signed. The same request gives the same bytes, at any time.
     * [pool & started] */
    stipend_status (*sign)(stipend_instance* i, const stipend_slot* s, stipend_completion c, stipend_error* e);
    /* Asks the signer what it has signed for a slot; completes with a stipend_signed_list. [pool & started] */
    stipend_status (*recall)(stipend_instance* i, uint64_t slot, stipend_completion c, stipend_error* e);
    /* Sends bytes that `sign` gave; may be repeated for ever. Completes with no record: OK says that an endpoint took
     * them, which proves nothing. [pool & started] */
    stipend_status (*send)(stipend_instance* i, stipend_bytes raw, stipend_completion c, stipend_error* e);
    /* Asks what the chain knows of `count` attempts, 32 bytes each; completes with a stipend_sighting_list. `batches`
     * says of how many payments each is a batch, 0 for none. [pool & started] */
    stipend_status (*sight)(stipend_instance* i, const uint8_t* ids, const uint64_t* batches, uint64_t count,
                            stipend_completion c, stipend_error* e);
    /* Ends an operation early. [any] A finished one is ignored. */
    void (*cancel)(stipend_instance* i, stipend_op op);
} stipend_settlement_v1;

#ifdef __cplusplus
}
#endif
#endif
