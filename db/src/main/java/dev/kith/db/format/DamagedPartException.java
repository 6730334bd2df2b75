package dev.kith.db.format;

import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.store.DataInput;

/** Bytes of a segment's vectors are not those that were written; the message says which. */
public final class DamagedPartException extends CorruptIndexException {
  private static final long serialVersionUID = 1;

  /**
   * Says what is wrong.
   *
   * @param rule that does not hold
   * @param place segment, field, part and file
   */
  DamagedPartException(String rule, String place, DataInput file) {
    super("%s: %s; restore the segment's files from a copy".formatted(rule, place), file);
  }
}
