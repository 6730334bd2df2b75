/** The lab: one search told in steps, and what each step costs. */
module dev.kith.lab {
  requires com.fasterxml.jackson.databind;
  requires transitive dev.kith.core;
  requires dev.kith.cuda;
  requires dev.kith.db;
  requires transitive dev.kith.embed;
  requires java.management;
  requires java.sql;
  requires jdk.incubator.vector;
  requires jdk.jfr;
  requires jdk.management;
  requires org.xerial.sqlitejdbc;
  requires static transitive org.jspecify;

  exports dev.kith.lab.compare;
  exports dev.kith.lab.cupti;
  exports dev.kith.lab.explain;
  exports dev.kith.lab.ladder;
  exports dev.kith.lab.measure;
  exports dev.kith.lab.peers;
  exports dev.kith.lab.profile;
  exports dev.kith.lab.report;

  opens dev.kith.lab.compare to
      com.fasterxml.jackson.databind;
  opens dev.kith.lab.explain to
      com.fasterxml.jackson.databind;
  opens dev.kith.lab.ladder to
      com.fasterxml.jackson.databind;
  opens dev.kith.lab.peers to
      com.fasterxml.jackson.databind;
  opens dev.kith.lab.profile to
      com.fasterxml.jackson.databind;
}
