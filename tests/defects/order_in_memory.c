/* What it remembers depends on the sample that was decided before. */
static unsigned char last;
#define DEFECT_DECIDE_ONE(d) \
    ((d)->action = STIPEND_SKIP, (d)->memory.bytes[5] = last, last = (unsigned char)(sample->reported_ppm / 10000))
#include "defect.h"
