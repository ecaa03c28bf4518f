#ifndef CUSTODY_ZLIB_SHIM_H
#define CUSTODY_ZLIB_SHIM_H

#include <string.h>
#include <zlib.h>

// deflateInit2 and inflateInit2 are macros. Negative window bits mean raw DEFLATE (zlib.h).
static inline int custody_deflate_init_raw(z_stream *stream, int level) {
  memset(stream, 0, sizeof *stream);
  return deflateInit2(stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
}

static inline int custody_inflate_init_raw(z_stream *stream) {
  memset(stream, 0, sizeof *stream);
  return inflateInit2(stream, -15);
}

#endif
