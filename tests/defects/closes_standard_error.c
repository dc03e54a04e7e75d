#include <unistd.h>
#define DEFECT_IN_INIT close(2)
#include "defect.h"
