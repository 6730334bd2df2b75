package dev.kith.cli;

import static com.tngtech.archunit.base.DescribedPredicate.anyElementThat;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.core.domain.properties.HasModifiers.Predicates.modifier;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import dev.kith.core.failure.KithException;
import dev.kith.db.format.BuildStoppedException;
import dev.kith.db.point.Payload;
import dev.kith.db.point.PointId;
import dev.kith.db.point.Schema;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Holds the arrows of ARCHITECTURE.md, which point one way, between the modules and inside them.
 */
class ArchitectureTest {
  /** Part of Kith, and the parts that it may use beside itself. */
  record Part(String name, List<String> uses) {
    Part(String name, String... uses) {
      this(name, List.of(uses));
    }

    String[] packagesItMaySee(String prefix) {
      return Stream.concat(Stream.of(name), uses.stream())
          .map(part -> packages(prefix, part))
          .toArray(String[]::new);
    }

    /** Its own packages. */
    String packages(String prefix) {
      return packages(prefix, name);
    }

    /** A part without a name is the package that the prefix names, without those below it. */
    private static String packages(String prefix, String part) {
      return part.isEmpty() ? prefix.substring(0, prefix.length() - 1) : prefix + part + "..";
    }
  }

  static final List<Part> MODULES =
      List.of(
          new Part("core"),
          new Part("nativekernels", "core"),
          new Part("cuda", "core"),
          new Part("embed", "core"),
          new Part("db", "core"),
          new Part("lab", "core", "cuda", "embed", "db"),
          new Part("cli", "core", "embed", "db", "lab"));

  /** Packages of core, from the bottom up; those not named here are held by the rule on cycles. */
  static final List<Part> CORE =
      List.of(
          new Part("failure"),
          new Part("text"),
          new Part("work"),
          new Part("vector", "failure", "work"),
          new Part("metric", "vector"),
          new Part("kernel", "vector", "metric"),
          new Part("quant", "work", "vector", "metric", "kernel"),
          new Part("spec", "quant"),
          new Part("search", "failure", "work", "vector", "metric", "kernel", "spec"),
          new Part("recall", "vector", "metric", "search"),
          new Part("exact", "work", "vector", "metric", "kernel", "quant", "spec", "search"),
          new Part(
              "graph", "failure", "work", "vector", "metric", "kernel", "quant", "spec", "search",
              "recall", "exact"),
          new Part(
              "ivf", "work", "vector", "metric", "kernel", "quant", "spec", "search", "recall",
              "exact"),
          new Part(
              "backend", "failure", "work", "vector", "metric", "kernel", "quant", "spec", "search",
              "exact", "graph", "ivf"),
          new Part(
              "index", "work", "vector", "metric", "quant", "spec", "search", "exact", "graph",
              "ivf", "backend"));

  /**
   * The package of the module's own name: {@code dev.kith.db} is what users hold, {@code
   * dev.kith.cli} lists the commands.
   */
  private static final String ITSELF = "";

  /** Packages of db, from the bottom up. */
  static final List<Part> DB =
      List.of(
          new Part("json"),
          new Part("memory"),
          new Part("point", "json"),
          new Part("durability"),
          new Part("filter", "point"),
          new Part("query", "point", "filter"),
          new Part("log", "durability"),
          new Part("format", "point", "durability"),
          new Part("run", "point", "filter", "query"),
          new Part(ITSELF, "memory", "point", "durability", "filter", "query"),
          new Part(
              "store",
              "json",
              "memory",
              "point",
              "durability",
              "filter",
              "query",
              "log",
              "format",
              "run",
              ITSELF),
          new Part("transfer", "json", "memory", "point", "filter", "store", ITSELF));

  /** Packages of cuda below {@code dev.kith.cuda} itself, from the bottom up. */
  static final List<Part> CUDA =
      List.of(
          new Part("driver"),
          new Part("kernels", "driver"),
          new Part("memory", "driver"),
          new Part("device", "driver", "kernels", "memory"),
          new Part("store", "driver", "kernels", "memory", "device"),
          new Part("exact", "driver", "kernels", "memory", "device", "store"),
          new Part("ladder", "driver", "kernels", "memory", "device", "store", "exact"));

  /** Packages of cli, from the bottom up; rooms of commands see what they share, not each other. */
  static final List<Part> CLI =
      List.of(
          new Part("console"),
          new Part("input"),
          new Part("collection", "console", "input"),
          new Part("text", "console", "input"),
          new Part("bench", "console", "input"),
          new Part("lab", "console", "input"),
          new Part("start", "console", "input", "collection"),
          new Part(ITSELF, "console", "collection", "text", "bench", "lab", "start"));

  /** Packages of lab, from the bottom up. */
  static final List<Part> LAB =
      List.of(
          new Part("measure"),
          new Part("explain"),
          new Part("toolkit"),
          new Part("nvtx", "toolkit"),
          new Part("profile", "nvtx"),
          new Part("cupti", "profile", "toolkit"),
          new Part("ladder", "measure", "profile"),
          new Part("compare", "measure"),
          new Part("peers", "measure"),
          new Part("report", "measure", "ladder", "peers", "profile"));

  private static final JavaClasses KITH =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("dev.kith");

  @Test
  void everyClass_belongsToAKnownModule() {
    var known = MODULES.stream().map(module -> "dev.kith." + module.name() + "..");
    classes().should().resideInAnyPackage(known.toArray(String[]::new)).check(KITH);
  }

  @ParameterizedTest
  @FieldSource("MODULES")
  void module_usesOnlyModulesBelowIt(Part module) {
    var own = resideInAPackage("dev.kith." + module.name() + "..");
    assertThat(KITH.that(own)).as("classes seen").isNotEmpty();
    classes()
        .that(own)
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(module.packagesItMaySee("dev.kith."))
                .or(not(resideInAPackage("dev.kith.."))))
        .check(KITH);
  }

  @Test
  void core_usesTheJdkAlone() {
    classes()
        .that()
        .resideInAPackage("dev.kith.core..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.kith.core..",
            "java..",
            "jdk.incubator.vector..",
            "jdk.jfr..",
            "org.jspecify.annotations")
        .check(KITH);
  }

  @ParameterizedTest
  @FieldSource("CORE")
  void corePackage_usesOnlyPackagesBelowIt(Part part) {
    classes()
        .that()
        .resideInAPackage("dev.kith.core." + part.name() + "..")
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(part.packagesItMaySee("dev.kith.core."))
                .or(not(resideInAPackage("dev.kith.core.."))))
        .allowEmptyShould(true)
        .check(KITH);
  }

  @ParameterizedTest
  @FieldSource("DB")
  void dbPackage_usesOnlyPackagesBelowIt(Part part) {
    classes()
        .that()
        .resideInAPackage(part.packages("dev.kith.db."))
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(part.packagesItMaySee("dev.kith.db."))
                .or(not(resideInAPackage("dev.kith.db.."))))
        .check(KITH);
  }

  @ParameterizedTest
  @FieldSource("LAB")
  void labPackage_usesOnlyPackagesBelowIt(Part part) {
    classes()
        .that()
        .resideInAPackage("dev.kith.lab." + part.name() + "..")
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(part.packagesItMaySee("dev.kith.lab."))
                .or(not(resideInAPackage("dev.kith.lab.."))))
        .allowEmptyShould(true)
        .check(KITH);
  }

  @ParameterizedTest
  @FieldSource("CUDA")
  void cudaPackage_usesOnlyPackagesBelowIt(Part part) {
    classes()
        .that()
        .resideInAPackage("dev.kith.cuda." + part.name() + "..")
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(part.packagesItMaySee("dev.kith.cuda."))
                .or(not(resideInAPackage("dev.kith.cuda.."))))
        .check(KITH);
  }

  @ParameterizedTest
  @FieldSource("CLI")
  void cliPackage_usesOnlyPackagesBelowIt(Part part) {
    var own = resideInAPackage(part.packages("dev.kith.cli."));
    assertThat(KITH.that(own)).as("classes seen").isNotEmpty();
    classes()
        .that(own)
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(part.packagesItMaySee("dev.kith.cli."))
                .or(not(resideInAPackage("dev.kith.cli.."))))
        .check(KITH);
  }

  /** Every class of the command line lives in a room that the list names. */
  @Test
  void everyClassOfCli_belongsToAKnownPackage() {
    classes()
        .that()
        .resideInAPackage("dev.kith.cli..")
        .should()
        .resideInAnyPackage(
            CLI.stream().map(part -> part.packages("dev.kith.cli.")).toArray(String[]::new))
        .check(KITH);
  }

  /**
   * Documents that commands print are records of their own: a record of another module may change,
   * a field that scripts read may not.
   */
  @Test
  void documents_areMadeOfTheCommandLinesOwnRecords() {
    var printed =
        resideInAnyPackage("java..", "dev.kith.cli..")
            .or(belongToAnyOf(PointId.class, Payload.class, Schema.class)); // JSON texts
    fields()
        .that()
        .areNotStatic()
        .and()
        .areDeclaredInClassesThat(
            assignableTo(Record.class)
                .and(nameMatching("dev\\.kith\\.cli\\..*(Command\\$|Document).*")))
        .should(
            ArchCondition.from(
                DescribedPredicate.<JavaField>describe(
                    "hold nothing of another module",
                    field -> field.getType().getAllInvolvedRawTypes().stream().allMatch(printed))))
        .check(KITH);
  }

  /** A failure says what its caller can do, or is of a type of the JDK that does. */
  @Test
  void uncheckedExceptions_haveAReaction() {
    classes()
        .that()
        .areAssignableTo(RuntimeException.class)
        .and()
        .arePublic()
        .and(not(belongToAnyOf(BuildStoppedException.class))) // db catches it itself
        .should(
            ArchCondition.from(
                assignableTo(KithException.class)
                    .or(assignableTo(IllegalArgumentException.class))
                    .or(assignableTo(UncheckedIOException.class))))
        .check(KITH);
  }

  /** Outside of cuda only the lab sees the driver, because of its failures. */
  @Test
  void driver_isUsedByCudaAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.kith.cuda..", "dev.kith.lab.ladder..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.kith.cuda.driver..")
        .check(KITH);
  }

  /** Only profiles need the library that reads and writes SQLite. */
  @Test
  void sqlite_isUsedByProfilesAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.kith.lab.profile..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.sqlite..", "java.sql..")
        .check(KITH);
  }

  @Test
  void packages_haveNoCycles() {
    slices().matching("dev.kith.(**)").should().beFreeOfCycles().check(KITH);
  }

  @Test
  void vectorApi_isUsedByKernelsAndMeasuringAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.kith.core.kernel..", "dev.kith.lab.measure..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator.vector..")
        .check(KITH);
  }

  @Test
  void lucene_isUsedByDbAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.kith.db..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.lucene..")
        .check(KITH);
  }

  /** Queries and what users hold know no segments. */
  @Test
  void lucene_isUsedByTheStoreAlone() {
    noClasses()
        .that()
        .resideInAPackage("dev.kith.db..")
        .and()
        .resideOutsideOfPackages("dev.kith.db.store..", "dev.kith.db.format..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.lucene..")
        .check(KITH);
  }

  /** Payloads, schemas and reports are Java's own to their users. */
  @Test
  void jackson_isNotSeenByWhoUsesDb() {
    var named = nameMatching("com\\.fasterxml\\..*");
    methods()
        .that()
        .areDeclaredInClassesThat(resideInAPackage("dev.kith.db..").and(modifier(PUBLIC)))
        .and()
        .areDeclaredInClassesThat(not(resideInAnyPackage("dev.kith.db.json..")))
        .and()
        .arePublic()
        .should()
        .notHaveRawReturnType(named)
        .andShould()
        .notHaveRawParameterTypes(anyElementThat(named))
        .check(KITH);
  }

  /** Only importing Parquet needs the library that reads it. */
  @Test
  void hardwood_isUsedByTheParquetReaderAlone() {
    noClasses()
        .that(
            not(
                HasName.Predicates.nameMatching(
                    "dev\\.kith\\.db\\.transfer\\.Parquet(Points|Rows|Values).*")))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.hardwood..")
        .check(KITH);
  }

  /** Files go through the collection's own ways in and out. */
  @Test
  void transfer_isUsedByTheEdgesAlone() {
    noClasses()
        .that()
        .resideInAPackage("dev.kith.db..")
        .and()
        .resideOutsideOfPackage("dev.kith.db.transfer..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.kith.db.transfer..")
        .check(KITH);
  }
}
