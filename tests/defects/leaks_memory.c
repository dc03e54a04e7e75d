#include <stdlib.h>
static void* volatile lost;
#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, lost = malloc(200))
#include "defect.h"
