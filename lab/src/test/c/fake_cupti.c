// Stands in for libcupti where there is no GPU: the same functions, and records that it makes up
// when it is flushed, from a thread of its own as CUPTI does. Records are laid out by hand.
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef void (*request_t)(uint8_t **, size_t *, size_t *);
typedef void (*complete_t)(void *, uint32_t, uint8_t *, size_t, size_t);

enum { KERNEL = 216, MEMCPY = 96, MEMSET = 88, CALL = 40, DEVICE = 184 };

static request_t request;
static complete_t complete;
static uint64_t enabled;
static uint8_t enabled_calls[16]; // of the driver, by number
static int kernels = 100000; // more than one buffer holds

static void put32(uint8_t *record, int at, uint32_t value) { memcpy(record + at, &value, 4); }
static void put64(uint8_t *record, int at, uint64_t value) { memcpy(record + at, &value, 8); }

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

int cuptiGetTimestamp(uint64_t *time) { return *time = now(), 0; }
int cuptiSetThreadIdType(int type) { return type == 1 ? 0 : 1; }
#ifndef REFUSED
#define REFUSED -1
#endif
int cuptiActivityEnable(int kind) { return kind == REFUSED ? 1 : (enabled |= 1ull << kind, 0); }
int cuptiActivityDisable(int kind) { return enabled &= ~(1ull << kind), 0; }
int cuptiActivityRegisterCallbacks(request_t r, complete_t c) { return request = r, complete = c, 0; }

int cuptiActivityGetNumDroppedRecords(void *context, uint32_t stream, size_t *count) {
  (void)context, (void)stream;
  return *count = 3, 0;
}

int cuptiGetCallbackName(int domain, uint32_t number, const char **name) {
  static const char *driver[] = {0, "cuInit", "cuMemcpyHtoD_v2", 0, "cuEventRecord", "cuLaunchKernel_ptsz"};
  static const char *runtime[] = {0, "cudaGetDevice_v3020", "cudaLaunchKernel_v7000"};
  uint32_t count = domain == 1 ? sizeof driver / sizeof *driver : sizeof runtime / sizeof *runtime;
  if (number >= count) return 1;
  *name = (domain == 1 ? driver : runtime)[number];
  return !*name;
}

#ifndef OLD // cannot choose calls
static int enable_call(int domain, uint32_t number, uint8_t on) {
  const char *name;
  if (cuptiGetCallbackName(domain, number, &name)) return 1;
  if (domain == 1) enabled_calls[number] = on;
  return 0;
}

int cuptiActivityEnableDriverApi(uint32_t number, uint8_t on) { return enable_call(1, number, on); }
int cuptiActivityEnableRuntimeApi(uint32_t number, uint8_t on) { return enable_call(2, number, on); }
#endif

int cuptiGetResultString(int result, const char **text) {
  return *text = result == 1 ? "CUPTI_ERROR_INVALID_PARAMETER" : "CUPTI_ERROR_UNKNOWN", 0;
}

static size_t length(const uint8_t *record) {
  switch (*(const uint32_t *)record) {
  case 10: return KERNEL;
  case 1: return MEMCPY;
  case 2: return MEMSET;
  case 4: return CALL;
  default: return DEVICE;
  }
}

int cuptiActivityGetNextRecord(uint8_t *buffer, size_t valid, uint8_t **record) {
  uint8_t *next = *record ? *record + length(*record) : buffer;
  return next >= buffer + valid ? 12 : (*record = next, 0);
}

static void *work(void *unused) {
  uint8_t *buffer = 0;
  size_t size = 0, most, used = 0;
  (void)unused;
  uint64_t start = now();
  for (int i = -7; i < kernels; i++) {
    static const int before[][2] = {{8, 0}, {4, 1}, {4, 2}, {4, 4}, {4, 5}, {2, 0}, {1, 0}}; // kind, number of the call
    int kind = i < 0 ? before[i + 7][0] : 10, call = i < 0 ? before[i + 7][1] : 0;
    size_t bytes = length((const uint8_t *)&kind);
    if (!(enabled >> kind & 1) && !enabled_calls[call]) continue;
    if (used + bytes > size) {
      if (buffer) complete((void *)1, 7, buffer, size, used);
      request(&buffer, &size, &most);
      used = 0;
    }
    uint8_t *r = buffer + used;
    memset(r, 0, bytes);
    put32(r, 0, kind);
    if (kind == 8) {
      put64(r, 16, 80ull << 30), put32(r, 44, 132), put32(r, 104, 9), put64(r, 136, (uint64_t) "Fake GPU");
    } else if (kind == 4) {
      put32(r, 4, call), put64(r, 8, start), put64(r, 16, start + 1000), put32(r, 28, 4712), put32(r, 32, 5);
    } else if (kind == 2) {
      put32(r, 4, 255), put64(r, 8, 512), put64(r, 16, start + 900), put64(r, 24, start + 950), put32(r, 40, 7), r[50] = 3;
    } else if (kind == 1) {
      r[4] = 1, r[5] = 2, r[6] = 3;
      put64(r, 8, 4096), put64(r, 16, start + 100), put64(r, 24, start + 900), put32(r, 40, 7), put32(r, 44, 5);
    } else {
      put32(r, 52, 10), put32(r, 64, 256), put64(r, 16, start + 1000 + 10 * i), put64(r, 24, start + 1005 + 10 * i);
      put32(r, 48, 7), put64(r, 104, (uint64_t)(i % 2 ? "_Z4scanPKfi" : "plain"));
    }
    used += bytes;
  }
  if (buffer) complete((void *)1, 7, buffer, size, used);
  return 0;
}

int cuptiActivityFlushAll(uint32_t flag) {
  if (flag != 1) return 1;
  pthread_t thread;
  pthread_create(&thread, 0, work, 0);
  pthread_join(thread, 0);
  return 0;
}
