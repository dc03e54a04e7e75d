#define DEFECT_ID "Not An Id"
#include "defect.h"
