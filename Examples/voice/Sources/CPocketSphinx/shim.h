#ifndef VOICE_POCKETSPHINX_SHIM_H
#define VOICE_POCKETSPHINX_SHIM_H

#include <pocketsphinx.h>
#include <sphinxbase/err.h>

// cmd_ln_init takes any number of arguments, which Swift cannot call.
//
// Without remove_silence, on by default, it would cut pauses out of an utterance, and the times of
// words would be those of what is left. What is silence, the segmentation has decided.
static inline cmd_ln_t *voice_config(const char *acoustic_model, const char *language_model,
                                     const char *dictionary) {
  return cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", acoustic_model, "-lm", language_model,
                     "-dict", dictionary, "-remove_silence", "no", NULL);
}

#endif
