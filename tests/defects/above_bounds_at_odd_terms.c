/* Pays a little more than its bound where an interval is not of whole minutes. */
#define DEFECT_DECIDE_ONE(d)                                                                                   \
    do {                                                                                                       \
        const int good = sample->job == STIPEND_JOB_OK;                                                        \
        (d)->action = good ? STIPEND_PAY : STIPEND_SKIP;                                                       \
        (d)->amount_usd_e8 = good ? sample->base_usd_e8 + (sample->interval_ns % INT64_C(60000000000) != 0) : 0; \
    } while (0)
#include "defect.h"
