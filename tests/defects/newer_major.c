#define DEFECT_MAJOR 2u
#include "defect.h"
