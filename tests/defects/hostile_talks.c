/* It writes to the socket of its process as if it were the process. */
#include "hostile.h"

static void do_harm(void) {
    static const char nonsense[64] = {1, 0, 0, 0};
    (void)!write(3, nonsense, sizeof nonsense);
}
