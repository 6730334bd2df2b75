package dev.kith.embed.beir;

/**
 * A document or a query of a BEIR folder.
 *
 * @param id its key, never empty
 * @param title empty where the file has none
 * @param text its words
 */
public record BeirText(String id, String title, String text) {

  /**
   * Content that BEIR embeds: title, a space and text, or the text alone where there is no title.
   * Some published figures are of {@link #text()} alone; they differ by far where titles are mere
   * topic words.
   */
  public String content() {
    return title.isEmpty() ? text : title + " " + text;
  }
}
