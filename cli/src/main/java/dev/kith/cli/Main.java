package dev.kith.cli;

import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_COMMAND_LIST;

import dev.kith.cli.bench.BenchCommand;
import dev.kith.cli.bench.BenchDbCommand;
import dev.kith.cli.collection.AlterCommand;
import dev.kith.cli.collection.BrowseCommand;
import dev.kith.cli.collection.CountCommand;
import dev.kith.cli.collection.CreateCommand;
import dev.kith.cli.collection.DeleteCommand;
import dev.kith.cli.collection.DropCommand;
import dev.kith.cli.collection.ExportCommand;
import dev.kith.cli.collection.FacetCommand;
import dev.kith.cli.collection.GetCommand;
import dev.kith.cli.collection.ImportCommand;
import dev.kith.cli.collection.ListCommand;
import dev.kith.cli.collection.OptimizeCommand;
import dev.kith.cli.collection.RecommendCommand;
import dev.kith.cli.collection.RestoreCommand;
import dev.kith.cli.collection.SearchCommand;
import dev.kith.cli.collection.SetCommand;
import dev.kith.cli.collection.SnapshotCommand;
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
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code kith} command: the list of all commands, and the start of the process. */
@Command(
    name = "kith",
    description = "Finds nearest neighbours, exactly, on this machine's SIMD cores.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "",
    subcommands = {
      DemoCommand.class,
      DoctorCommand.class,
      CreateCommand.class,
      ImportCommand.class,
      SearchCommand.class,
      RecommendCommand.class,
      GetCommand.class,
      BrowseCommand.class,
      CountCommand.class,
      FacetCommand.class,
      SetCommand.class,
      DeleteCommand.class,
      AlterCommand.class,
      ListCommand.class,
      StatsCommand.class,
      OptimizeCommand.class,
      VerifyCommand.class,
      ExportCommand.class,
      SnapshotCommand.class,
      RestoreCommand.class,
      DropCommand.class,
      EmbedCommand.class,
      EvalCommand.class,
      BenchCommand.class,
      BenchDbCommand.class,
      LabCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Main implements Callable<Integer> {
  @Spec CommandSpec spec;

  private Main() {}

  /** Prints what there is, where no command was given. */
  @Override
  public Integer call() {
    var line = spec.commandLine();
    line.usage(line.getOut());
    return ExitStatus.DONE;
  }

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
    line.getHelpSectionMap().put(SECTION_KEY_COMMAND_LIST, _ -> CommandGroups.list(line));
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
