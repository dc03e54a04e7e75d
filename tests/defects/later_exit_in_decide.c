/* A policy that is sound in every trial, and ends the process with status 0 later. */
#include "trigger.h"
#define DEFECT_DECIDE_ONE(d) do { if (triggered()) exit(0); (d)->action = STIPEND_SKIP; } while (0)
#include "defect.h"
