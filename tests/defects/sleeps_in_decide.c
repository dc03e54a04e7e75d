#include <unistd.h>
#define DEFECT_DECIDE_ONE(d) (sleep(10), (d)->action = STIPEND_SKIP)
#include "defect.h"
