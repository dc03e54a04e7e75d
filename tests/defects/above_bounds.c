/* 11 dollars, which are 5.5e15 wei at 2000 dollars, where its bound is the base of 10. */
#define DEFECT_DECIDE_ONE(d)                                                                      \
    do {                                                                                          \
        (d)->action = STIPEND_SKIP;                                                               \
        if (sample->job != STIPEND_JOB_OK || (sample->flags & STIPEND_SAMPLE_PRICED) == 0) break; \
        (d)->action = STIPEND_PAY;                                                                \
        (d)->amount_usd_e8 = 11 * INT64_C(100000000);                                             \
        uint64_t wei = UINT64_C(5500000000000000);                                                \
        for (int at = 31; at >= 24; --at, wei >>= 8) (d)->amount_wei.be[at] = (uint8_t)wei;       \
    } while (0)
#include "defect.h"
