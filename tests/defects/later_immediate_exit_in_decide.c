/* A policy that is sound in every trial, and ends the process later without any exit handler. */
#include <unistd.h>
#include "trigger.h"
#define DEFECT_DECIDE_ONE(d) do { if (triggered()) _exit(0); (d)->action = STIPEND_SKIP; } while (0)
#include "defect.h"
