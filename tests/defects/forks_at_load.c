#include <unistd.h>
__attribute__((constructor)) static void split(void) {
    if (fork() < 0) _exit(1);
}
#include "defect.h"
