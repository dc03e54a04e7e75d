#define DEFECT_IN_INIT \
    for (volatile int k = 0;; k = 1) (void)k
#include "defect.h"
