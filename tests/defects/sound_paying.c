/* Another sound policy, under an id of its own, that pays the base for each check that is answered. */
#define DEFECT_ID "org.example.paying"
#define DEFECT_DECIDE_ONE(d)                                                     \
    do {                                                                         \
        const int good = sample->job == STIPEND_JOB_OK;                          \
        (d)->action = good ? STIPEND_PAY : STIPEND_SKIP;                         \
        (d)->amount_usd_e8 = good ? sample->base_usd_e8 : 0;                     \
        (d)->consecutive_failures = good ? 0 : sample->consecutive_failures + 1; \
        memcpy((d)->tier, good ? "paid" : "not", good ? 4 : 3);                  \
    } while (0)
#include "defect.h"
