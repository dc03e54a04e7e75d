/* Never returns from its start function. */
#define DEFECT_FETCH(c) (void)c; for (;;) pause()
#include "async_price.h"
