// A libcuda for tests on machines without a GPU: it answers as scripted by fake_set, notes its calls, and "device"
// memory is the host's, so that copies are real. -DOLD leaves out what CUDA 12.0 brought, -DSTRANGE everything.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../main/cuda/structs.cuh"

typedef int CUresult;
typedef uint64_t ptr; // device pointers and handles

// ---- the script ----

static struct { char key[64]; int64_t value; } settings[64];
static int setting_count;
static char calls[1 << 16];
static size_t calls_length;
static ptr next_handle;
static int64_t allocated;
static char image[1 << 14];
static int image_is_fatbin;

// What the last launch passed.
static struct {
  uint32_t grid[3], block[3], shared, programmatic;
  ptr function, stream;
  ptr pointer;
  int64_t l;
  double d;
  float f;
  int32_t i;
  unsigned char bytes[128];
} launch;

static struct {
  ptr map, address, rows, row_bytes, stride;
  uint32_t box_rows, box_bytes, type, rank, step0, step1, interleave, swizzle, promotion, fill;
} tensor;

void fake_set(const char *key, int64_t value) {
  for (int i = 0; i < setting_count; i++) {
    if (!strcmp(settings[i].key, key)) { settings[i].value = value; return; }
  }
  snprintf(settings[setting_count].key, sizeof settings[0].key, "%s", key);
  settings[setting_count++].value = value;
}

static int64_t get(const char *key, int64_t otherwise) {
  for (int i = 0; i < setting_count; i++) {
    if (!strcmp(settings[i].key, key)) return settings[i].value;
  }
  return otherwise;
}

void fake_reset(void) {
  setting_count = 0;
  calls_length = 0;
  calls[0] = 0;
  next_handle = 0x1000;
  allocated = 0;
  image[0] = 0;
  image_is_fatbin = 0;
  memset(&launch, 0, sizeof launch);
  memset(&tensor, 0, sizeof tensor);
}

const char *fake_calls(void) { return calls; }
const char *fake_image(void) { return image; }
void *fake_launch(void) { return &launch; }
void *fake_tensor(void) { return &tensor; }
int64_t fake_allocated(void) { return allocated; }

// Notes the call and tells its result: as set for it, or for all once the context is "lost".
static CUresult called(const char *name, ptr of) {
  if (!get("quiet", 0)) {
    int written = snprintf(calls + calls_length, sizeof calls - calls_length, "%s %llx\n", name, (unsigned long long)of);
    if (written > 0 && calls_length + (size_t)written < sizeof calls) calls_length += (size_t)written;
  }
  CUresult lost = (CUresult)get("lost", 0);
  return lost ? lost : (CUresult)get(name, 0);
}

static CUresult make(const char *name, ptr *out) {
  ptr handle = next_handle += 0x10;
  CUresult result = called(name, handle);
  if (!result) *out = handle;
  return result;
}

// ---- the driver ----

static const struct { int code; const char *name, *text; } errors[] = {
  {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
  {2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
  {34, "CUDA_ERROR_STUB_LIBRARY", "CUDA driver is a stub library"},
  {46, "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA-capable device(s) is/are busy or unavailable"},
  {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
  {200, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
  {209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
  {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain."},
  {304, "CUDA_ERROR_OPERATING_SYSTEM", "OS call failed or operation not supported on this OS"},
  {500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
  {600, "CUDA_ERROR_NOT_READY", "device not ready"},
  {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
  {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
  {800, "CUDA_ERROR_NOT_PERMITTED", "operation not permitted"},
  {802, "CUDA_ERROR_SYSTEM_NOT_READY", "system not yet initialized"},
  {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination"},
  {804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE", "forward compatibility was attempted on non supported HW"},
  {999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

static CUresult cuGetErrorName(int code, const char **out) {
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    if (errors[i].code == code) { *out = errors[i].name; return 0; }
  }
  *out = 0;
  return 1;
}

static CUresult cuGetErrorString(int code, const char **out) {
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    if (errors[i].code == code) { *out = errors[i].text; return 0; }
  }
  *out = 0;
  return 1;
}

#ifndef STRANGE
CUresult cuDriverGetVersion(int *out) { *out = (int)get("version", 13000); return 0; }
#endif

static CUresult cuInit(unsigned flags) { return called("cuInit", flags); }
static CUresult cuDeviceGetCount(int *out) { *out = (int)get("devices", 2); return called("cuDeviceGetCount", 0); }
static CUresult cuDeviceGet(int *out, int ordinal) { *out = 40 + ordinal; return 0; }
static CUresult cuDeviceTotalMem(size_t *out, int device) { (void)device; *out = 150ull << 30; return 0; }

static CUresult cuDeviceGetName(char *out, int length, int device) {
  snprintf(out, (size_t)length, "Fake %d", device - 40);
  return 0;
}

static CUresult cuDeviceGetPCIBusId(char *out, int length, int device) {
  snprintf(out, (size_t)length, "0000:%02X:00.0", device);
  return 0;
}

static CUresult cuDeviceGetAttribute(int *out, int attribute, int device) {
  (void)device;
  switch (attribute) {
    case 16: *out = 132; return 0;
    case 38: *out = 50 << 20; return 0;
    case 39: *out = 2048; return 0;
    case 75: *out = (int)get("major", 9); return 0;
    case 76: *out = (int)get("minor", 0); return 0;
    case 97: *out = 227 << 10; return 0;
    default: return 1;
  }
}

static CUresult cuDevicePrimaryCtxRetain(ptr *out, int device) {
  CUresult result = called("cuDevicePrimaryCtxRetain", (ptr)device);
  if (!result) *out = 0xC0 + (ptr)device;
  return result;
}

static CUresult cuDevicePrimaryCtxRelease(int device) { return called("cuDevicePrimaryCtxRelease", (ptr)device); }
static CUresult cuCtxSetCurrent(ptr context) { (void)context; return (CUresult)get("cuCtxSetCurrent", 0); }

static CUresult cuMemGetInfo(size_t *free_bytes, size_t *total) {
  *free_bytes = 100ull << 30;
  *total = 150ull << 30;
  return called("cuMemGetInfo", 0);
}

static CUresult take(const char *name, ptr *out, size_t bytes) {
  CUresult result = called(name, bytes);
  if (result) return result;
  *out = (ptr)(uintptr_t)calloc(bytes, 1);
  allocated++;
  return *out ? 0 : 2;
}

static CUresult give_back(const char *name, ptr address) {
  CUresult result = called(name, address);
  usleep((useconds_t)(1000 * get("free millis", 0)));
  free((void *)(uintptr_t)address);
  allocated--;
  return result;
}

static CUresult cuMemAlloc(ptr *out, size_t bytes) { return take("cuMemAlloc", out, bytes); }
static CUresult cuMemFree(ptr address) { return give_back("cuMemFree", address); }

static CUresult cuMemHostAlloc(ptr *out, size_t bytes, unsigned flags) {
  return flags == 3 ? take("cuMemHostAlloc", out, bytes) : 1;
}

static CUresult cuMemFreeHost(ptr address) { return give_back("cuMemFreeHost", address); }

static CUresult cuMemHostGetDevicePointer(ptr *out, ptr address, unsigned flags) {
  *out = address;
  return flags ? 1 : 0;
}

static CUresult cuStreamCreate(ptr *out, unsigned flags) { return flags == 1 ? make("cuStreamCreate", out) : 1; }
static CUresult cuStreamDestroy(ptr stream) { return called("cuStreamDestroy", stream); }
static CUresult cuStreamSynchronize(ptr stream) { return called("cuStreamSynchronize", stream); }
static CUresult cuStreamQuery(ptr stream) { return called("cuStreamQuery", stream); }

static CUresult cuStreamWaitEvent(ptr stream, ptr event, unsigned flags) {
  (void)stream;
  return flags ? 1 : called("cuStreamWaitEvent", event);
}

static CUresult cuStreamBeginCapture(ptr stream, int mode) {
  return mode == 1 ? called("cuStreamBeginCapture", stream) : 1;
}

static CUresult cuStreamEndCapture(ptr stream, ptr *out) { (void)stream; return make("cuStreamEndCapture", out); }
static CUresult cuEventCreate(ptr *out, unsigned flags) { return make(flags == 2 ? "cuEventCreate" : "cuEventCreate timed", out); }
static CUresult cuEventDestroy(ptr event) { return called("cuEventDestroy", event); }
static CUresult cuEventRecord(ptr event, ptr stream) { (void)stream; return called("cuEventRecord", event); }
static CUresult cuEventSynchronize(ptr event) { return called("cuEventSynchronize", event); }
static CUresult cuEventQuery(ptr event) { return called("cuEventQuery", event); }

static CUresult cuEventElapsedTime(float *out, ptr start, ptr end) {
  *out = (float)(end - start);
  return called("cuEventElapsedTime", start);
}

static CUresult copy(const char *name, ptr target, ptr source, size_t bytes) {
  CUresult result = called(name, bytes);
  if (!result) memcpy((void *)(uintptr_t)target, (void *)(uintptr_t)source, bytes);
  return result;
}

static CUresult cuMemcpyHtoDAsync(ptr target, ptr source, size_t bytes, ptr stream) {
  (void)stream;
  return copy("cuMemcpyHtoDAsync", target, source, bytes);
}

static CUresult cuMemcpyDtoHAsync(ptr target, ptr source, size_t bytes, ptr stream) {
  (void)stream;
  return copy("cuMemcpyDtoHAsync", target, source, bytes);
}

static CUresult cuMemcpyDtoDAsync(ptr target, ptr source, size_t bytes, ptr stream) {
  (void)stream;
  return copy("cuMemcpyDtoDAsync", target, source, bytes);
}

static CUresult cuMemsetD8Async(ptr target, unsigned char value, size_t bytes, ptr stream) {
  (void)stream;
  memset((void *)(uintptr_t)target, value, bytes);
  return called("cuMemsetD8Async", bytes);
}

static CUresult cuMemsetD32Async(ptr target, unsigned value, size_t count, ptr stream) {
  (void)stream;
  for (size_t i = 0; i < count; i++) ((unsigned *)(uintptr_t)target)[i] = value;
  return called("cuMemsetD32Async", count);
}

static CUresult cuLibraryLoadData(
    ptr *out, const char *code, void *a, void *b, unsigned c, void *d, void *e, unsigned f) {
  if (a || b || c || d || e || f) return 1;
  image_is_fatbin = *(const uint32_t *)code == 0xBA55ED50;
  snprintf(image, sizeof image, "%s", image_is_fatbin ? "fatbin" : code);
  return make(image_is_fatbin ? "cuLibraryLoadData fatbin" : "cuLibraryLoadData", out);
}

static CUresult cuLibraryUnload(ptr library) { return called("cuLibraryUnload", library); }

// The handle of a kernel is its name.
static CUresult cuLibraryGetKernel(ptr *out, ptr library, const char *name) {
  (void)library;
  CUresult result = called("cuLibraryGetKernel", 0);
  if (!result) *out = (ptr)(uintptr_t)strdup(name);
  return result;
}

static CUresult cuKernelGetFunction(ptr *out, ptr kernel) {
  *out = kernel;
  return called(image_is_fatbin ? "cuKernelGetFunction fatbin" : "cuKernelGetFunction", 0);
}

static CUresult cuFuncSetAttribute(ptr function, int attribute, int value) {
  (void)function;
  return attribute == 8 ? called("cuFuncSetAttribute", (ptr)value) : 1;
}

static CUresult cuFuncGetAttribute(int *out, int attribute, ptr function) {
  (void)function;
  switch (attribute) {
    case 1: *out = 1024; return 0;
    case 3: *out = 0; return 0;
    case 4: *out = 32; return 0;
    case 5: *out = (int)get("ptx", 90); return 0;
    case 6: *out = (int)get("binary", 90); return 0;
    default: return 1;
  }
}

static CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *out, ptr function, int threads, size_t shared) {
  (void)function;
  *out = 2048 / threads - (int)(shared >> 16);
  return 0;
}

static u32 name_hash(const char *name) {
  u32 hash = 2166136261u;
  while (*name) hash = (hash ^ (unsigned char)*name++) * 16777619u;
  return hash;
}

// An entry of kith_structs; "offset of NAME" of the script lies about it.
static void report(u32 *out, const char *name, size_t offset, size_t bytes) {
  char key[64];
  snprintf(key, sizeof key, "offset of %s", name);
  u32 *at = out + 1 + 3 * (*out)++;
  at[0] = name_hash(name);
  at[1] = (u32)get(key, (int64_t)offset);
  at[2] = (u32)bytes;
}

static void report_structs(u32 *out) {
  *out = 0;
#define STRUCT(S) report(out, #S, 0, sizeof(S));
#define FIELD(S, F) report(out, #S "." #F, offsetof(S, F), sizeof(((S *)0)->F));
  KITH_STRUCTS(STRUCT, FIELD)
  for (int64_t more = get("more structs", 0); more > 0; more--) report(out, "Another", 0, 8);
  *out -= (u32)get("fewer structs", 0);
}

static void run(const char *kernel, void **arguments) {
  if (!strcmp(kernel, "kith_structs") && !get("no structs", 0)) report_structs(*(u32 **)arguments[0]);
  if (!strcmp(kernel, "probe")) {
    launch.pointer = *(ptr *)arguments[0];
    launch.i = *(int32_t *)arguments[1];
    launch.l = *(int64_t *)arguments[2];
    launch.f = *(float *)arguments[3];
    launch.d = *(double *)arguments[4];
    memcpy(launch.bytes, arguments[5], sizeof launch.bytes);
  }
  if (!strcmp(kernel, "kith_checksum")) {
    const unsigned *words = *(const unsigned **)arguments[0];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < *(uint64_t *)arguments[1]; i++) {
      uint64_t t = i * 0x9E3779B97F4A7C15ull + words[i] * 0xBF58476D1CE4E5B9ull;
      sum += t ^ (t >> 32);
    }
    **(uint64_t **)arguments[2] += sum;
  }
}

static CUresult cuLaunchKernel(
    ptr function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
    ptr stream, void **arguments, void **extra) {
  if (extra) return 1;
  CUresult result = called("cuLaunchKernel", stream);
  if (result) return result;
  memcpy(launch.grid, (unsigned[]){gx, gy, gz}, sizeof launch.grid);
  memcpy(launch.block, (unsigned[]){bx, by, bz}, sizeof launch.block);
  launch.shared = shared;
  launch.stream = stream;
  launch.function = function;
  launch.programmatic = 0;
  run((const char *)(uintptr_t)function, arguments);
  return 0;
}

// As in cuda.h.
typedef struct { int id; char pad[4]; union { char bytes[64]; int programmatic; } value; } Attribute;
typedef struct {
  unsigned gx, gy, gz, bx, by, bz, shared;
  ptr stream;
  Attribute *attributes;
  unsigned count;
} Config;

static CUresult cuLaunchKernelEx(const Config *config, ptr function, void **arguments, void **extra) {
  if (config->count != 1 || config->attributes->id != 6) return 1;
  CUresult result = cuLaunchKernel(
      function, config->gx, config->gy, config->gz, config->bx, config->by, config->bz, config->shared, config->stream,
      arguments, extra);
  launch.programmatic = (uint32_t)config->attributes->value.programmatic;
  return result;
}

static CUresult cuGraphInstantiateWithFlags(ptr *out, ptr graph, unsigned long long flags) {
  (void)graph;
  return flags ? 1 : make("cuGraphInstantiateWithFlags", out);
}

static CUresult cuGraphLaunch(ptr graph, ptr stream) { (void)stream; return called("cuGraphLaunch", graph); }
static CUresult cuGraphExecDestroy(ptr graph) { return called("cuGraphExecDestroy", graph); }
static CUresult cuGraphDestroy(ptr graph) { return called("cuGraphDestroy", graph); }

static CUresult cuTensorMapEncodeTiled(
    void *map, int type, unsigned rank, ptr address, const uint64_t *size, const uint64_t *stride, const uint32_t *box,
    const uint32_t *step, int interleave, int swizzle, int promotion, int fill) {
  tensor.map = (ptr)(uintptr_t)map;
  tensor.type = (uint32_t)type;
  tensor.rank = rank;
  tensor.address = address;
  tensor.row_bytes = size[0];
  tensor.rows = size[1];
  tensor.stride = stride[0];
  tensor.box_bytes = box[0];
  tensor.box_rows = box[1];
  tensor.step0 = step[0];
  tensor.step1 = step[1];
  tensor.interleave = (uint32_t)interleave;
  tensor.swizzle = (uint32_t)swizzle;
  tensor.promotion = (uint32_t)promotion;
  tensor.fill = (uint32_t)fill;
  memset(map, 0x5A, 128);
  return called("cuTensorMapEncodeTiled", address);
}

#if !defined(OLD) && !defined(STRANGE)
#define ENTRY(name) {#name, (void *)name}
static const struct { const char *name; void *function; } entries[] = {
  ENTRY(cuGetErrorName), ENTRY(cuGetErrorString), ENTRY(cuInit), ENTRY(cuDriverGetVersion), ENTRY(cuDeviceGetCount),
  ENTRY(cuDeviceGet), ENTRY(cuDeviceGetName), ENTRY(cuDeviceGetAttribute), ENTRY(cuDeviceGetPCIBusId),
  ENTRY(cuDeviceTotalMem), ENTRY(cuDevicePrimaryCtxRetain), ENTRY(cuDevicePrimaryCtxRelease), ENTRY(cuCtxSetCurrent),
  ENTRY(cuMemGetInfo), ENTRY(cuMemAlloc), ENTRY(cuMemFree), ENTRY(cuMemHostAlloc), ENTRY(cuMemHostGetDevicePointer),
  ENTRY(cuMemFreeHost), ENTRY(cuStreamCreate), ENTRY(cuStreamDestroy), ENTRY(cuStreamSynchronize), ENTRY(cuStreamQuery),
  ENTRY(cuStreamWaitEvent), ENTRY(cuStreamBeginCapture), ENTRY(cuStreamEndCapture), ENTRY(cuEventCreate),
  ENTRY(cuEventDestroy), ENTRY(cuEventRecord), ENTRY(cuEventSynchronize), ENTRY(cuEventQuery), ENTRY(cuEventElapsedTime),
  ENTRY(cuMemcpyHtoDAsync), ENTRY(cuMemcpyDtoHAsync), ENTRY(cuMemcpyDtoDAsync), ENTRY(cuMemsetD8Async),
  ENTRY(cuMemsetD32Async), ENTRY(cuLibraryLoadData), ENTRY(cuLibraryUnload), ENTRY(cuLibraryGetKernel),
  ENTRY(cuKernelGetFunction), ENTRY(cuFuncSetAttribute), ENTRY(cuFuncGetAttribute),
  ENTRY(cuOccupancyMaxActiveBlocksPerMultiprocessor), ENTRY(cuLaunchKernel), ENTRY(cuLaunchKernelEx),
  ENTRY(cuGraphInstantiateWithFlags), ENTRY(cuGraphLaunch), ENTRY(cuGraphExecDestroy), ENTRY(cuGraphDestroy),
  ENTRY(cuTensorMapEncodeTiled),
};

CUresult cuGetProcAddress_v2(const char *name, void **out, int version, uint64_t flags, int *status) {
  *out = 0;
  *status = 1;
  if (version != 12000 || flags != 1 || get(name, 0) == -1) return 500;
  for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
    if (!strcmp(entries[i].name, name)) {
      *out = entries[i].function;
      *status = 0;
      return 0;
    }
  }
  return 500;
}
#endif
