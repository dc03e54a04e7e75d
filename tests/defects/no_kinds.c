#define DEFECT_KIND NULL
#include "defect.h"
