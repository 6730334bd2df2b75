package dev.kith.embed;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Event of the flight recorder: a batch of texts was turned into vectors. */
@Name("dev.kith.Embed")
@Label("Embed")
@Category("Kith")
@Description("A batch of texts turned into vectors by the model")
@StackTrace(false)
final class EmbedEvent extends Event {
  /** Texts in the batch. */
  @Label("Texts")
  int texts;

  /** Tokens of the longest text, to which the others are padded. */
  @Label("Tokens")
  int tokens;
}
