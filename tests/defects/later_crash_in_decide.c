/* A policy that is sound in every trial, and crashes later. */
#include "trigger.h"
#define DEFECT_DECIDE_ONE(d) ((d)->action = triggered() ? *(volatile int*)8 : STIPEND_SKIP)
#include "defect.h"
