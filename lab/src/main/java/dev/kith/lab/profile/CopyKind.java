package dev.kith.lab.profile;

/** Direction of a copy; numbers and names are those of CUPTI and Nsight. */
public enum CopyKind {
  /** Not known. */
  UNKNOWN(0, "Unknown"),
  /** Host to device. */
  HTOD(1, "Host-to-Device"),
  /** Device to host. */
  DTOH(2, "Device-to-Host"),
  /** Host to array. */
  HTOA(3, "Host-to-Array"),
  /** Array to host. */
  ATOH(4, "Array-to-Host"),
  /** Array to array. */
  ATOA(5, "Array-to-Array"),
  /** Array to device. */
  ATOD(6, "Array-to-Device"),
  /** Device to array. */
  DTOA(7, "Device-to-Array"),
  /** Within a device. */
  DTOD(8, "Device-to-Device"),
  /** Within the host. */
  HTOH(9, "Host-to-Host"),
  /** Between two devices. */
  PTOP(10, "Peer-to-Peer");

  private final int id;
  private final String label;

  CopyKind(int id, String label) {
    this.id = id;
    this.label = label;
  }

  /** Number in records and files. */
  public int id() {
    return id;
  }

  /** Name for people, such as {@code Host-to-Device}. */
  public String label() {
    return label;
  }

  /** The kind with that number; {@link #UNKNOWN} if there is none. */
  public static CopyKind of(int id) {
    for (var kind : values()) {
      if (kind.id == id) {
        return kind;
      }
    }
    return UNKNOWN;
  }
}
