// A tool that NVTX takes up (NVTX_INJECTION64_PATH): it writes the ranges that it is handed to the
// file that TOOL_LOG names. Numbers are those of NVTX's nvtxDetail/nvtxTypes.h.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLBACKS = 1, CORE2 = 5, PUSH = 4, POP = 5, CREATE = 12 };

typedef void (*function)(void);
struct callbacks {
  size_t size;
  int (*table)(int module, function ***table, unsigned *size);
};

static FILE *out;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void note(const char *what, const char *domain, const char *message) {
  pthread_mutex_lock(&lock);
  fprintf(out, "%s %s %s\n", what, domain, message);
  fflush(out);
  pthread_mutex_unlock(&lock);
}

static void *create(const char *name) { return strdup(name); }
static int push(void *domain, const char *event) {
  const char *message;
  memcpy(&message, event + 40, sizeof message);
  return note("push", domain, message), 0;
}
static int pop(void *domain) { return note("pop", domain, ""), 0; }

int InitializeInjectionNvtx2(const void *(*get)(uint32_t)) {
  const struct callbacks *callbacks = get(CALLBACKS);
  function **table;
  unsigned size;
  if (!callbacks || !callbacks->table(CORE2, &table, &size) || size <= CREATE) return 0;
  if (!getenv("TOOL_LOG") || !(out = fopen(getenv("TOOL_LOG"), "w"))) return 0;
  *table[CREATE] = (function)create, *table[PUSH] = (function)push, *table[POP] = (function)pop;
  return 1;
}
