/* A sound price plugin that turns hostile with its first request, and never in the probe. Each file that includes it
 * defines do_harm, which is what it then does. */
#include "trigger.h"
static void do_harm(void);
#define DEFECT_FETCH(c) if (!in_probe()) do_harm(); return later(c)
#include "async_price.h"
