package dev.kith.cli;

import dev.kith.cli.bench.BenchCommand;
import dev.kith.cli.bench.BenchDbCommand;
import dev.kith.cli.collection.CreateCommand;
import dev.kith.cli.collection.DeleteCommand;
import dev.kith.cli.collection.DropCommand;
import dev.kith.cli.collection.ExportCommand;
import dev.kith.cli.collection.GetCommand;
import dev.kith.cli.collection.ImportCommand;
import dev.kith.cli.collection.ListCommand;
import dev.kith.cli.collection.OptimizeCommand;
import dev.kith.cli.collection.SearchCommand;
import dev.kith.cli.collection.StatsCommand;
import dev.kith.cli.collection.VerifyCommand;
import dev.kith.cli.console.ExitStatus;
import dev.kith.cli.console.Screen;
import dev.kith.cli.console.Shutdown;
import dev.kith.cli.console.Version;
import dev.kith.cli.lab.LabCommand;
import dev.kith.cli.lab.LabProfileCommand;
import dev.kith.cli.start.DemoCommand;
import dev.kith.cli.start.DoctorCommand;
import dev.kith.cli.text.EmbedCommand;
import dev.kith.cli.text.EvalCommand;
import java.util.Locale;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code kith} command: the list of all commands, and the start of the process. */
@Command(
    name = "kith",
    description = "Finds nearest neighbours, exactly, on this machine's SIMD cores.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DemoCommand.class,
      DoctorCommand.class,
      EmbedCommand.class,
      EvalCommand.class,
      BenchCommand.class,
      BenchDbCommand.class,
      LabCommand.class,
      CreateCommand.class,
      ImportCommand.class,
      SearchCommand.class,
      GetCommand.class,
      DeleteCommand.class,
      ListCommand.class,
      StatsCommand.class,
      OptimizeCommand.class,
      VerifyCommand.class,
      ExportCommand.class,
      DropCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Main {
  private Main() {}

  /** Starts the command line. */
  public static void main(String[] args) {
    var ended = Shutdown.watch();
    Screen.install();
    var line = commandLine();
    int status = line.execute(args);
    if (System.out.checkError() && status == ExitStatus.DONE) {
      line.getErr().println("kith: standard output could not be written");
      status = ExitStatus.BAD_INPUT;
    }
    ended.run();
    System.exit(status);
  }

  /** Creates a command line with all commands. */
  static CommandLine commandLine() {
    // Numbers look the same everywhere: scripts read them.
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    var line = new CommandLine(new Main(), new Commands());
    // Options behind the profiled command's name are that command's.
    subcommand(subcommand(line, "lab"), "profile").setStopAtPositional(true);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExpandAtFiles(false); // an id or a text may begin with @
    line.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
    ExitStatus.mapFailuresOf(line);
    return line;
  }

  /** Factory of commands: a profile runs any of them, so it is given a command line. */
  private static final class Commands implements CommandLine.IFactory {
    private final CommandLine.IFactory byReflection = CommandLine.defaultFactory();

    @Override
    public <K> K create(Class<K> type) throws Exception {
      return type == LabProfileCommand.class
          ? type.cast(new LabProfileCommand(Main::commandLine))
          : byReflection.create(type);
    }
  }

  private static CommandLine subcommand(CommandLine line, String name) {
    return Objects.requireNonNull(line.getSubcommands().get(name));
  }
}
