#define DEFECT_SIZE 24u
#include "defect.h"
