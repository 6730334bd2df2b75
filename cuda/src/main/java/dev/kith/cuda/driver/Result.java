package dev.kith.cuda.driver;

/** The values of {@code CUresult} that are told apart here. */
final class Result {
  static final int SUCCESS = 0;
  static final int OUT_OF_MEMORY = 2;
  static final int DEINITIALIZED = 4;
  static final int STUB_LIBRARY = 34;
  static final int DEVICE_UNAVAILABLE = 46;
  static final int NO_DEVICE = 100;
  static final int INVALID_IMAGE = 200;
  static final int NO_BINARY_FOR_GPU = 209;
  static final int ECC_UNCORRECTABLE = 214;
  static final int INVALID_PTX = 218;
  static final int NVLINK_UNCORRECTABLE = 220;
  static final int JIT_COMPILER_NOT_FOUND = 221;
  static final int UNSUPPORTED_PTX_VERSION = 222;
  static final int JIT_COMPILATION_DISABLED = 223;
  static final int CONTAINED = 226;
  static final int INVALID_SOURCE = 300;
  static final int OPERATING_SYSTEM = 304;
  static final int NOT_FOUND = 500;
  static final int NOT_READY = 600;
  static final int ILLEGAL_ADDRESS = 700;
  static final int LAUNCH_TIMEOUT = 702;
  static final int CONTEXT_IS_DESTROYED = 709;
  static final int ASSERT = 710;
  static final int HARDWARE_STACK_ERROR = 714;
  static final int ILLEGAL_INSTRUCTION = 715;
  static final int MISALIGNED_ADDRESS = 716;
  static final int INVALID_ADDRESS_SPACE = 717;
  static final int INVALID_PC = 718;
  static final int LAUNCH_FAILED = 719;
  static final int TENSOR_MEMORY_LEAK = 721;
  static final int NOT_PERMITTED = 800;
  static final int SYSTEM_NOT_READY = 802;
  static final int SYSTEM_DRIVER_MISMATCH = 803;
  static final int COMPAT_NOT_SUPPORTED_ON_DEVICE = 804;
  static final int MPS_CLIENT_TERMINATED = 810;
  static final int EXTERNAL_DEVICE = 911;
  static final int UNKNOWN = 999;

  private Result() {}
}
