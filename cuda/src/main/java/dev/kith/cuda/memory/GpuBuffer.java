package dev.kith.cuda.memory;

import dev.kith.core.vector.ElementType;
import dev.kith.cuda.driver.DeviceMemory;
import org.jspecify.annotations.Nullable;

/** Rows in device memory, one behind the other without gaps. Closing gives the memory back. */
public final class GpuBuffer implements DevicePart {
  private final DeviceLedger ledger;
  private final DeviceMemory memory;
  private final RowMap map;
  private final int dimension;
  private final ElementType type;
  private final long scalesAt;

  GpuBuffer(
      DeviceLedger ledger,
      DeviceMemory memory,
      RowMap map,
      int dimension,
      ElementType type,
      long scalesAt) {
    this.ledger = ledger;
    this.memory = memory;
    this.map = map;
    this.dimension = dimension;
    this.type = type;
    this.scalesAt = scalesAt;
  }

  /** Device address of row 0. */
  public long address() {
    return memory.address();
  }

  /** Rows in the buffer. */
  public long size() {
    return map.size();
  }

  /** Elements a row. */
  public int dimension() {
    return dimension;
  }

  /** How an element is stored on the device. */
  public ElementType elementType() {
    return type;
  }

  /** Bytes of all rows, without scales. */
  public long byteSize() {
    return size() * dimension * type.bytes();
  }

  @Override
  public long bytes() {
    return memory.byteSize();
  }

  /**
   * Device address of a float32 for each row, that its INT8 elements are to be multiplied with;
   * null where rows are the values themselves.
   */
  public @Nullable Long scales() {
    return scalesAt < 0 ? null : memory.address() + scalesAt;
  }

  /** Which row of which source each row is. */
  public RowMap map() {
    return map;
  }

  @Override
  public void close() {
    ledger.give(memory);
  }
}
