package dev.kith.db;

import java.util.ServiceLoader;

/** The storage of this process, found once. */
final class Storages {
  private static final KithStorage LOCAL =
      ServiceLoader.load(KithStorage.class, Storages.class.getClassLoader())
          .findFirst()
          .orElseThrow(
              () ->
                  new IllegalStateException(
                      "no storage was found: META-INF/services/%s is missing; a jar made of several must merge such files"
                          .formatted(KithStorage.class.getName())));

  private Storages() {}

  static KithStorage local() {
    return LOCAL;
  }
}
