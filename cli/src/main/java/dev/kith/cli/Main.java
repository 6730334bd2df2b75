package dev.kith.cli;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code kith} command. Exit status 0: done; 1: a check failed or nothing was found where
 * something must be; 2: wrong usage or bad input, said in one line; 3: a defect of Kith, with its
 * stack trace.
 */
@Command(
    name = "kith",
    description = "Finds nearest neighbours, exactly, on this machine's SIMD cores.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
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
final class Main {
  static final int DONE = 0;
  static final int CHECK_FAILED = 1;
  static final int BAD_INPUT = 2;
  private static final int DEFECT = 3;

  /** Whether Ctrl-C or the like was pressed: a failure from then on is because of that. */
  private static volatile boolean stopped;

  /** Whether the command polls {@link #isStopped} and ends in good order by itself. */
  private static volatile boolean asks;

  private Main() {}

  /** Starts the command line. */
  public static void main(String[] args) {
    var worker = Thread.currentThread();
    var done = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(worker, done)));
    Screen.install();
    var line = commandLine();
    int status = line.execute(args);
    if (System.out.checkError() && status == DONE) {
      line.getErr().println("kith: standard output could not be written");
      status = BAD_INPUT;
    }
    done.countDown();
    System.exit(status);
  }

  /** A command that is under way when the process ends may still remove its unfinished files. */
  private static void stop(Thread worker, CountDownLatch done) {
    if (done.getCount() == 0) {
      return;
    }
    stopped = true;
    if (!asks) {
      worker.interrupt();
    }
    try {
      boolean _ = done.await(asks ? 30 : 3, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Declares that the command polls {@link #isStopped} from now on, and must not be interrupted.
   */
  static void endsWhenAsked() {
    asks = true;
  }

  /** Whether Ctrl-C or the like was pressed. */
  static boolean isStopped() {
    return stopped;
  }

  /**
   * Throws once the process is told to stop; for commands that loop and have nothing to clean up.
   */
  static void requireNotStopped() {
    if (stopped) {
      throw new IllegalStateException("stopped before the end");
    }
  }

  static CommandLine commandLine() {
    // Numbers look the same everywhere: scripts read them.
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    var line = new CommandLine(new Main());
    // Options behind the profiled command's name are that command's.
    subcommand(subcommand(line, "lab"), "profile").setStopAtPositional(true);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExpandAtFiles(false); // an id or a text may begin with @
    line.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
    line.setExecutionStrategy(Main::run);
    line.setParameterExceptionHandler(Main::wrongUsage);
    line.setExecutionExceptionHandler((failure, command, parsed) -> failed(failure, command));
    return line;
  }

  private static CommandLine subcommand(CommandLine line, String name) {
    return Objects.requireNonNull(line.getSubcommands().get(name));
  }

  private static int run(ParseResult parsed) {
    try {
      return new CommandLine.RunLast().execute(parsed);
    } catch (OutOfMemoryError e) {
      return badInput(
          parsed.commandSpec().commandLine(),
          "not enough memory (%s); give less at once, or more memory by KITH_JAVA_OPTS=-Xmx8g"
              .formatted(e.getMessage()));
    } catch (Error e) {
      return defect(parsed.commandSpec().commandLine(), e);
    }
  }

  private static int wrongUsage(ParameterException wrong, String[] args) {
    var command = wrong.getCommandLine();
    String message = String.valueOf(wrong.getMessage());
    if (!command.getSubcommands().isEmpty()
        && wrong instanceof UnmatchedArgumentException unmatched
        && !unmatched.isUnknownOption()) {
      message =
          "no such command: '%s'; known are %s"
              .formatted(
                  unmatched.getUnmatched().getFirst(),
                  String.join(", ", command.getSubcommands().keySet()));
    }
    return badInput(
        command, "%s; see %s --help".formatted(message, command.getCommandSpec().qualifiedName()));
  }

  private static int failed(Exception failure, CommandLine command) {
    if (stopped) {
      return badInput(command, "stopped before the end");
    }
    if (failure instanceof UncheckedIOException
        && failure.getCause() instanceof IOException cause) {
      return failed(cause, command);
    }
    if (failure instanceof KithException ours) {
      say(command, String.valueOf(ours.getMessage()));
      return status(ours.reaction());
    }
    String message =
        switch (failure) {
          case NoSuchFileException e -> "no such file or folder: " + e.getFile();
          case AccessDeniedException e -> "no permission: " + e.getFile();
          case FileSystemException e -> "cannot use %s: %s".formatted(e.getFile(), e.getReason());
          case IOException e -> e.getMessage() == null ? e.toString() : e.getMessage();
          case IllegalArgumentException e -> e.getMessage();
          default -> null;
        };
    return message == null ? defect(command, failure) : badInput(command, message);
  }

  /** The exit status for scripts: what users can mend is bad input. */
  private static int status(Reaction reaction) {
    return switch (reaction) {
      case FIX_INPUT, RETRY, REOPEN, RESTORE, CONFIGURE -> BAD_INPUT;
    };
  }

  private static int badInput(CommandLine command, String message) {
    say(command, message);
    return BAD_INPUT;
  }

  private static void say(CommandLine command, String message) {
    command.getErr().println("kith: " + oneLine(message));
    command.getErr().flush();
  }

  private static int defect(CommandLine command, Throwable failure) {
    var err = command.getErr();
    err.println("kith: this is a defect of Kith; please report it with what follows");
    failure.printStackTrace(new PrintWriter(err, true));
    return DEFECT;
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  /** Text that {@code --version} prints. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      return new String[] {"kith " + number()};
    }

    static String number() throws IOException {
      var properties = new Properties();
      try (InputStream in = Main.class.getResourceAsStream("version.properties")) {
        properties.load(in);
      }
      return properties.getProperty("version");
    }
  }
}
