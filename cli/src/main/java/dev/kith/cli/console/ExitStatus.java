package dev.kith.cli.console;

import dev.kith.core.failure.KithException;
import dev.kith.core.failure.Reaction;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Exit statuses of all commands, and the one place where a failure becomes one: a line on standard
 * error for what a user can mend, the stack trace for a defect.
 */
public final class ExitStatus {
  /** Status of a command that did its work. */
  public static final int DONE = 0;

  /** Status after a check that failed, or where nothing was found and something must be. */
  public static final int CHECK_FAILED = 1;

  /** Status after wrong usage or bad input, said in one line. */
  public static final int BAD_INPUT = 2;

  /** Status after a defect of Kith, shown with its stack trace. */
  public static final int DEFECT = 3;

  private ExitStatus() {}

  /** Makes all failures of the command line end in their status. */
  public static void mapFailuresOf(CommandLine line) {
    line.setExecutionStrategy(ExitStatus::run);
    line.setParameterExceptionHandler((wrong, _) -> wrongUsage(wrong));
    line.setExecutionExceptionHandler((failure, command, _) -> failed(failure, command));
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

  private static int wrongUsage(ParameterException wrong) {
    var command = wrong.getCommandLine();
    String message = String.valueOf(wrong.getMessage());
    if (wrong instanceof UnmatchedArgumentException unmatched) {
      message = Suggestions.message(unmatched);
    }
    return badInput(
        command, "%s; see %s --help".formatted(message, command.getCommandSpec().qualifiedName()));
  }

  private static int failed(Exception failure, CommandLine command) {
    if (Shutdown.isStopped()) {
      return badInput(command, "stopped before the end");
    }
    if (failure instanceof UncheckedIOException
        && failure.getCause() instanceof IOException cause) {
      return failed(cause, command);
    }
    if (failure instanceof KithException ours) {
      say(command, String.valueOf(ours.getMessage()));
      return of(ours.reaction());
    }
    String message = message(failure);
    return message == null ? defect(command, failure) : badInput(command, message);
  }

  /** Line for a failure that is not of Kith's own types; null for a defect. */
  private static @Nullable String message(Exception failure) {
    return switch (failure) {
      case NoSuchFileException e -> "no such file or folder: " + e.getFile();
      case AccessDeniedException e -> "no permission: " + e.getFile();
      case FileSystemException e -> "cannot use %s: %s".formatted(e.getFile(), e.getReason());
      case IOException e -> e.getMessage() == null ? e.toString() : e.getMessage();
      case IllegalArgumentException e -> e.getMessage();
      default -> null;
    };
  }

  /** Exit status for scripts: what users can mend is bad input. */
  private static int of(Reaction reaction) {
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
}
