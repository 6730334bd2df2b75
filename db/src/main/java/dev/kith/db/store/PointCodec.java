package dev.kith.db.store;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kith.db.point.Payload;
import dev.kith.db.point.Point;
import dev.kith.db.point.PointId;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;

/**
 * What stands in a record of the translog: whole points that are put, or ids that go; never a
 * predicate or a part, so that replaying a record twice changes nothing. Little-endian; described
 * in {@code docs/formats/translog.md}.
 *
 * <pre>
 * record  = kind u8 (1 upsert, 2 delete), count u32, then the points or ids that it counts
 * id      = length u16, bytes (PointId.bytes)
 * point   = id, vectors u16, each: name (length u16, UTF-8), dimension u32, dimension float32s;
 *           payload: length u32, JSON in UTF-8
 * </pre>
 */
final class PointCodec {
  private static final byte UPSERT = 1;
  private static final byte DELETE = 2;

  /** What the log takes. */
  private static final int MAX_RECORD = 1 << 30;

  /** What a record says; one of the lists is empty. */
  record Change(List<Point> upserts, List<PointId> deletes) {}

  private PointCodec() {}

  static ByteBuffer upsert(List<Point> points) {
    var ids = new ArrayList<byte[]>(points.size());
    long size = 5;
    for (var point : points) {
      var id = point.id().bytes();
      ids.add(id);
      size += 2 + id.length + 2 + 4 + point.payload().utf8().length;
      for (var vector : point.vectors().entrySet()) {
        size += 2 + vector.getKey().getBytes(UTF_8).length + 4 + 4L * vector.getValue().length;
      }
    }
    var out = allocate(size);
    out.put(UPSERT).putInt(points.size());
    for (int i = 0; i < points.size(); i++) {
      var point = points.get(i);
      out.putShort((short) ids.get(i).length).put(ids.get(i));
      out.putShort((short) point.vectors().size());
      for (var vector : point.vectors().entrySet()) {
        var name = vector.getKey().getBytes(UTF_8);
        var elements = vector.getValue();
        out.putShort((short) name.length).put(name).putInt(elements.length);
        out.asFloatBuffer().put(elements);
        out.position(out.position() + Float.BYTES * elements.length);
      }
      out.putInt(point.payload().utf8().length).put(point.payload().utf8());
    }
    return out.flip();
  }

  static ByteBuffer delete(List<PointId> ids) {
    long size = 5;
    for (var id : ids) {
      size += 2 + id.bytes().length;
    }
    var out = allocate(size);
    out.put(DELETE).putInt(ids.size());
    for (var id : ids) {
      out.putShort((short) id.bytes().length).put(id.bytes());
    }
    return out.flip();
  }

  private static ByteBuffer allocate(long size) {
    if (size > MAX_RECORD) {
      throw new IllegalArgumentException(
          "what is written together must have at most %d bytes: bytes=%d; write it in parts"
              .formatted(MAX_RECORD, size));
    }
    return ByteBuffer.allocate((int) size).order(LITTLE_ENDIAN);
  }

  /**
   * Reads a record, whose checksum was right.
   *
   * @throws IllegalArgumentException if it is none of ours all the same
   */
  static Change read(ByteBuffer record) {
    var in = record.duplicate().order(LITTLE_ENDIAN);
    try {
      byte kind = in.get();
      int count = in.getInt();
      var upserts = new ArrayList<Point>();
      var deletes = new ArrayList<PointId>();
      for (int i = 0; i < count; i++) {
        switch (kind) {
          case UPSERT -> upserts.add(point(in));
          case DELETE -> deletes.add(id(in));
          default -> throw new IllegalArgumentException("no such kind of record: " + kind);
        }
      }
      if (in.hasRemaining()) {
        throw new IllegalArgumentException("bytes after the record's end: " + in.remaining());
      }
      return new Change(upserts, deletes);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("the record ends before its last field", e);
    }
  }

  private static Point point(ByteBuffer in) {
    var id = id(in);
    var vectors = new HashMap<String, float[]>();
    for (int left = in.getShort() & 0xffff; left > 0; left--) {
      var name = new String(bytes(in, in.getShort() & 0xffff), UTF_8);
      int dimension = in.getInt();
      if (dimension < 0 || dimension > in.remaining() / Float.BYTES) {
        throw new BufferUnderflowException();
      }
      var elements = new float[dimension];
      in.asFloatBuffer().get(elements);
      in.position(in.position() + Float.BYTES * dimension);
      vectors.put(name, elements);
    }
    return new Point(id, vectors, Payload.ofStored(bytes(in, in.getInt())));
  }

  private static PointId id(ByteBuffer in) {
    return PointId.ofBytes(bytes(in, in.getShort() & 0xffff));
  }

  private static byte[] bytes(ByteBuffer in, int length) {
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    var bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }
}
