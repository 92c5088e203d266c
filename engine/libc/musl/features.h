/* features.h - what musl's tables include for the attributes that environment.h defines. */
#include "environment.h"
