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
}
