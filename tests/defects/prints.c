/* Sound, but noisy: what it prints must not pass for the answer of the probe. */
#include <stdio.h>
__attribute__((constructor)) static void print(void) {
    puts("step nonsense\n{\"error\":\"forged\"}");
    fflush(stdout);
}
#include "defect.h"
