/* A price plugin that is sound in every trial; its create does not return while the trigger is there. */
#include "trigger.h"
#define DEFECT_IN_CREATE while (triggered()) usleep(1000)
#include "async_price.h"
