#define DEFECT_KIND "stipend.policy/9"
#include "defect.h"
