#include "defect.h"
