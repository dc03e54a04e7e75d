/* 11 dollars, where its bound is the base of 10. */
#define DEFECT_DECIDE_ONE(d)                                                     \
    ((d)->action = (sample->job == STIPEND_JOB_OK ? STIPEND_PAY : STIPEND_SKIP), \
     (d)->amount_usd_e8 = (sample->job == STIPEND_JOB_OK ? 11 * INT64_C(100000000) : 0))
#include "defect.h"
