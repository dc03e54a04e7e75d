/* It takes all memory that it gets, and uses it. */
#include "hostile.h"

static void do_harm(void) {
    for (;;) memset(malloc(1 << 20), 1, 1 << 20); /* ends by an address that is none */
}
