/* A price plugin that answers, and crashes later in a thread of its own. */
#include "trigger.h"
#define DEFECT_ANSWER(c) ANSWER(c); while (!triggered()) usleep(1000); *(volatile int*)8 = 1
#include "async_price.h"
