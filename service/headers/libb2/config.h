/* service/headers/libb2/config.h: what configure would tell libb2: there is one form of its functions, without a suffix. */
#define SUFFIX
