/* A policy that is sound in every trial; later it decides for an action that there is not. */
#include "trigger.h"
#define DEFECT_DECIDE_ONE(d) ((d)->action = triggered() ? 42 : STIPEND_SKIP)
#include "defect.h"
