/* A policy that is sound in every trial; its destroy does not return while the trigger is there. */
#include "trigger.h"
#define DEFECT_IN_DESTROY while (triggered()) usleep(1000)
#include "defect.h"
