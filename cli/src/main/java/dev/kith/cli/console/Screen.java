package dev.kith.cli.console;

import java.io.Console;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import org.jspecify.annotations.Nullable;

/**
 * Stream to a terminal: characters that could steer it, such as an escape sequence in an id, or
 * show text in another order than it has, are written as {@code \}{@code uXXXX}. A JSON document
 * stays the same document, since such characters stand in its strings alone. Everything that the
 * process prints passes through here where a stream is a terminal ({@link #install}), so no command
 * has to think of it; files and pipes get the bytes as they are.
 */
public final class Screen extends OutputStream {
  private static volatile @Nullable Screen standardError;

  private final Writer terminal;
  private final CharsetDecoder decoder;
  private final ByteBuffer pending = ByteBuffer.allocate(1 << 13);
  private final CharBuffer chars = CharBuffer.allocate(1 << 13);

  /** Creates the stream to a terminal that takes text of {@code charset}. */
  Screen(OutputStream terminal, Charset charset) {
    this.terminal = new OutputStreamWriter(terminal, charset);
    this.decoder =
        charset
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
  }

  /** Puts a screen before each of the standard streams that is a terminal. */
  public static void install() {
    if (isTerminal("kith.terminal.out")) {
      System.setOut(stream(new Screen(System.out, System.out.charset())));
    }
    if (isTerminal("kith.terminal")) {
      var screen = new Screen(System.err, System.err.charset());
      standardError = screen;
      System.setErr(stream(screen));
    }
  }

  /**
   * Whether a stream is a terminal: the launcher says so in a property; without a launcher, only
   * the console can be asked.
   */
  private static boolean isTerminal(String property) {
    return Boolean.getBoolean(property)
        || (System.getProperty("kith.home") == null && isTerminal(System.console()));
  }

  private static boolean isTerminal(@Nullable Console console) {
    return console != null && console.isTerminal();
  }

  private static PrintStream stream(Screen screen) {
    return new PrintStream(screen, true, screen.decoder.charset());
  }

  /**
   * Returns to the start of the line, so that the next print overwrites it; no printed text can do
   * that.
   */
  public static void startLineAgain(PrintWriter err) {
    var screen = standardError;
    if (screen == null) {
      err.print("\r");
      return;
    }
    err.flush();
    screen.carriageReturn();
  }

  private synchronized void carriageReturn() {
    try {
      terminal.write('\r');
      terminal.flush();
    } catch (IOException e) { // the next print finds it too
      return;
    }
  }

  /** Whether a character steers terminals, changes the order of text, or breaks a line unseen. */
  public static boolean isHidden(int character) {
    return Character.isISOControl(character)
        || character == 0x061c // Arabic letter mark
        || character == 0x200e // left-to-right mark
        || character == 0x200f // right-to-left mark
        || (character >= 0x2028 && character <= 0x202e) // separators, embeddings, overrides
        || (character >= 0x2066 && character <= 0x2069) // isolates
        || (character >= 0xfff9 && character <= 0xfffb); // interlinear annotation
  }

  /** Spells out the hidden characters of a text, line ends and tabs too. */
  public static String escaped(String text) {
    var line = new StringBuilder(text.length());
    text.chars().forEach(c -> append(line, (char) c, isHidden(c)));
    return line.toString();
  }

  private static void append(StringBuilder text, char character, boolean hidden) {
    if (hidden) {
      text.append("\\u%04x".formatted((int) character));
    } else {
      text.append(character);
    }
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] bytes, int from, int length) throws IOException {
    for (int done = 0; done < length; ) {
      int part = Math.min(pending.remaining(), length - done);
      pending.put(bytes, from + done, part);
      done += part;
      decode();
    }
  }

  /** Decodes the pending bytes; those of an incomplete character stay pending. */
  private void decode() throws IOException {
    pending.flip();
    boolean more;
    do {
      more = decoder.decode(pending, chars, false).isOverflow();
      chars.flip();
      var text = new StringBuilder(chars.length());
      while (chars.hasRemaining()) {
        char c = chars.get();
        append(text, c, isHidden(c) && c != '\n' && c != '\t');
      }
      terminal.append(text);
      chars.clear();
    } while (more);
    pending.compact();
  }

  @Override
  public synchronized void flush() throws IOException {
    terminal.flush();
  }
}
