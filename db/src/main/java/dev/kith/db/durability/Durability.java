package dev.kith.db.durability;

/** What an acknowledged write survives. */
public enum Durability {
  /** Kill and power loss: acknowledged once its record is on disk. Writers share each flush. */
  REQUEST,
  /** Kill and power loss, but for the last interval before them. */
  INTERVAL,
  /**
   * Nothing until the next checkpoint, of which closing is one: no log is written. For imports that
   * would be started again anyway.
   */
  NONE
}
