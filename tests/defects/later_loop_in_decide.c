/* A policy that is sound in every trial; later its decide does not return until the trigger is taken away. */
#include "trigger.h"
#define DEFECT_DECIDE_ONE(d) do { while (triggered()) usleep(1000); (d)->action = STIPEND_SKIP; } while (0)
#include "defect.h"
