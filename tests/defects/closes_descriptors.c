#include <unistd.h>
#define DEFECT_IN_DESTROY \
    for (int fd = 3; fd < 64; ++fd) close(fd)
#include "defect.h"
