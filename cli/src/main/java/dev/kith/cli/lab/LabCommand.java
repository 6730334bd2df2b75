package dev.kith.cli.lab;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

/** Command that holds the commands of the lab. */
@Command(
    name = "lab",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Tells a search in steps, slow to fast, and measures each.",
    subcommands = {
      LabLadderCommand.class,
      LabExplainCommand.class,
      LabCompareCommand.class,
      LabProfileCommand.class,
      LabSqlCommand.class,
      LabReportCommand.class,
      HelpCommand.class
    })
public final class LabCommand {}
