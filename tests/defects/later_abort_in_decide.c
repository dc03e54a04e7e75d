/* A policy that is sound in every trial, and aborts later. */
#include "trigger.h"
#define DEFECT_DECIDE_ONE(d) do { if (triggered()) abort(); (d)->action = STIPEND_SKIP; } while (0)
#include "defect.h"
