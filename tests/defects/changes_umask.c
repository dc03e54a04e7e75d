#include <sys/stat.h>
#define DEFECT_IN_INIT umask(0)
#include "defect.h"
