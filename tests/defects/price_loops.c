/* Never returns from its start function, but for the probe's. */
#include "trigger.h"
#define DEFECT_FETCH(c) while (!in_probe()) pause(); return later(c)
#include "async_price.h"
