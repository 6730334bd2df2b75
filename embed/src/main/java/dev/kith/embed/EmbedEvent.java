package dev.kith.embed;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A batch of texts turned into vectors, for the flight recorder. */
@Name("dev.kith.Embed")
@Label("Embed")
@Category("Kith")
@Description("A batch of texts turned into vectors by the model")
@StackTrace(false)
final class EmbedEvent extends Event {
  /** In the batch. */
  @Label("Texts")
  int texts;

  /** Of the longest, which pads the others. */
  @Label("Tokens")
  int tokens;
}
