#ifndef CUSTODY_DEFLATE_SHIM_H
#define CUSTODY_DEFLATE_SHIM_H

#include <libdeflate.h>

#endif
