// A libnvrtc for tests: what it "compiles" tells what it was given, and a source with the word broken has an error.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { char made[4096], log[256]; const char *source; } Program;

int nvrtcVersion(int *major, int *minor) { *major = 12; *minor = 4; return 0; }
int nvrtcGetNumSupportedArchs(int *count) { *count = 3; return 0; }
int nvrtcGetSupportedArchs(int *archs) { archs[0] = 75; archs[1] = 80; archs[2] = 90; return 0; }
const char *nvrtcGetErrorString(int result) { return result == 6 ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR_INTERNAL_ERROR"; }

int nvrtcCreateProgram(
    Program **out, const char *source, const char *name, int headers, const char **texts, const char **names) {
  Program *program = calloc(1, sizeof *program);
  program->source = source;
  int length = snprintf(program->made, sizeof program->made, "%s", name);
  for (int i = 0; i < headers; i++) {
    length += snprintf(program->made + length, sizeof program->made - (size_t)length, "; %s: %s", names[i], texts[i]);
  }
  *out = program;
  return 0;
}

int nvrtcCompileProgram(Program *program, int count, const char **options) {
  if (strstr(program->source, "broken")) {
    strcpy(program->log, "a warning\nx.cu(3): error: identifier \"broken\" is undefined\nmore\n");
    return 6;
  }
  for (int i = 0; i < count; i++) {
    size_t length = strlen(program->made);
    snprintf(program->made + length, sizeof program->made - length, " %s", options[i]);
  }
  return 0;
}

static int give(const char *text, char *out) { strcpy(out, text); return 0; }

int nvrtcGetProgramLogSize(Program *program, size_t *size) { *size = strlen(program->log) + 1; return 0; }
int nvrtcGetProgramLog(Program *program, char *out) { return give(program->log, out); }
int nvrtcGetCUBINSize(Program *program, size_t *size) { *size = strlen(program->made) + 7; return 0; }
int nvrtcGetCUBIN(Program *program, char *out) { strcpy(out, "cubin "); return give(program->made, out + 6); }
int nvrtcGetPTXSize(Program *program, size_t *size) { *size = strlen(program->made) + 5; return 0; }
int nvrtcGetPTX(Program *program, char *out) { strcpy(out, "ptx "); return give(program->made, out + 4); }
int nvrtcDestroyProgram(Program **program) { free(*program); *program = 0; return 0; }
