/** The {@code kith} command. */
module dev.kith.cli {
  requires com.fasterxml.jackson.databind;
  requires dev.kith.core;
  requires dev.kith.db;
  requires dev.kith.embed;
  requires dev.kith.lab;
  requires info.picocli;
  requires java.logging;
  requires java.management;
  requires jdk.management;
  requires static org.jspecify;

  opens dev.kith.cli to
      info.picocli,
      com.fasterxml.jackson.databind;
  opens dev.kith.cli.bench to
      info.picocli,
      com.fasterxml.jackson.databind;
  opens dev.kith.cli.collection to
      info.picocli,
      com.fasterxml.jackson.databind;
  opens dev.kith.cli.console to
      info.picocli,
      com.fasterxml.jackson.databind;
  opens dev.kith.cli.input to
      info.picocli,
      com.fasterxml.jackson.databind;
  opens dev.kith.cli.lab to
      info.picocli,
      com.fasterxml.jackson.databind;
  opens dev.kith.cli.start to
      info.picocli,
      com.fasterxml.jackson.databind;
  opens dev.kith.cli.text to
      info.picocli,
      com.fasterxml.jackson.databind;
}
