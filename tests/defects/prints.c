/* Sound, but noisy: what it prints must not pass for an answer of the host or of its probe. */
#include <stdio.h>
__attribute__((constructor)) static void print(void) {
    puts("step nonsense\n{\"error\":\"forged\"}");
    fflush(stdout);
}
__attribute__((destructor)) static void print_at_exit(void) {
    puts("noise at exit");
}
#define DEFECT_IN_INIT puts("noise in init")
#define DEFECT_IN_CREATE puts("noise in create")
#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, puts("noise in decide"))
#include "defect.h"
