package dev.kith.lab.profile;

/** Kind of memory that bytes are in; numbers are those of an Nsight Systems export. */
public enum MemoryKind {
  /** Memory of the host that the device cannot reach by itself. */
  PAGEABLE(0, "Pageable"),
  /** Memory of the host, locked for the device. */
  PINNED(1, "Pinned"),
  /** Memory of the device. */
  DEVICE(2, "Device"),
  /** A CUDA array. */
  ARRAY(3, "Array"),
  /** Memory that the driver moves between host and device. */
  MANAGED(4, "Managed"),
  /** A variable of a module. */
  DEVICE_STATIC(5, "Device Static"),
  /** A managed variable of a module. */
  MANAGED_STATIC(6, "Managed Static"),
  /** Not known. */
  UNKNOWN(7, "Unknown");

  private final int id;
  private final String label;

  MemoryKind(int id, String label) {
    this.id = id;
    this.label = label;
  }

  /** Number in files. */
  public int id() {
    return id;
  }

  /** Name for people. */
  public String label() {
    return label;
  }

  /** The kind with that number; {@link #UNKNOWN} if there is none. */
  public static MemoryKind of(int id) {
    for (var kind : values()) {
      if (kind.id == id) {
        return kind;
      }
    }
    return UNKNOWN;
  }
}
