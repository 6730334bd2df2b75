// Stands in for libnvtx3interop with a tool attached: it writes down what it is called with, a line
// a call, in the order of the calls.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char log_[1 << 16];
static int detached;

// As in nvToolsExt.h.
struct attributes {
  uint16_t version, size;
  uint32_t category;
  int32_t colorType;
  uint32_t color;
  int32_t payloadType, reserved;
  uint64_t payload;
  int32_t messageType;
  const char *message;
};

static void note(const char *what, const char *domain, const char *more) {
  pthread_mutex_lock(&lock);
  size_t used = strlen(log_);
  snprintf(log_ + used, sizeof log_ - used, "%lu %s %s%s%s\n", (unsigned long)pthread_self(), what, domain,
           *more ? " " : "", more);
  pthread_mutex_unlock(&lock);
}

const char *fake_log(void) { return log_; }
void fake_reset(int without_tool) { *log_ = 0, detached = without_tool; }

void *nvtxDomainCreateA(const char *name) {
  note("create", name, "");
  return detached ? 0 : strdup(name);
}

int nvtxDomainRangePushEx(void *domain, const struct attributes *event) {
  char more[300];
  snprintf(more, sizeof more, "%s version=%d size=%d type=%d rest=%d", event->message, event->version,
           event->size == sizeof *event, event->messageType,
           event->category || event->colorType || event->color || event->payloadType || event->reserved || event->payload);
  note("push", domain, more);
  return 0;
}

int nvtxDomainRangePop(void *domain) { return note("pop", domain, ""), 0; }
