/* As sound.c, but other code under the same id: it decides with another tier name. */
#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, memcpy((d)->tier, "b", 1))
#include "defect.h"
