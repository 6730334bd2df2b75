package dev.kith.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import picocli.CommandLine;

/** The list of commands in the help, by what one wants to do. */
final class CommandGroups {
  /** What commands are for. */
  record Group(String purpose, List<String> commands) {
    Group(String purpose, String... commands) {
      this(purpose, List.of(commands));
    }
  }

  private static final List<Group> GROUPS =
      List.of(
          new Group("A first look", "demo", "doctor"),
          new Group("Collections", "create", "import", "list", "stats", "alter", "drop"),
          new Group("Searching", "search", "recommend"),
          new Group("Points", "get", "browse", "count", "facet", "set", "delete"),
          new Group("Keeping collections", "optimize", "verify", "export", "snapshot", "restore"),
          new Group("Texts without a collection", "embed", "eval"),
          new Group("Measuring", "bench", "bench-db", "lab"));

  private CommandGroups() {}

  /** Renders the list; a command of no group stands at the end. */
  static String list(CommandLine line) {
    var left = new ArrayList<>(line.getSubcommands().keySet());
    int width = left.stream().mapToInt(String::length).max().orElse(0);
    var text = new StringBuilder();
    for (var group : GROUPS) {
      text.append("%n%s:%n".formatted(group.purpose));
      group.commands.forEach(name -> append(text, line, name, width));
      left.removeAll(group.commands);
    }
    text.append("%n".formatted());
    left.forEach(name -> append(text, line, name, width));
    return text.toString();
  }

  private static void append(StringBuilder text, CommandLine line, String name, int width) {
    var command = Objects.requireNonNull(line.getSubcommands().get(name));
    var usage = command.getCommandSpec().usageMessage();
    String described = usage.header().length > 0 ? usage.header()[0] : usage.description()[0];
    text.append("  %s  %s%n".formatted(name + " ".repeat(width - name.length()), described));
  }
}
