#include <stdint.h>
#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, (d)->delay_ns = (int64_t)((uintptr_t)i & 0xffffff))
#include "defect.h"
