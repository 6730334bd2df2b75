/** Kith as an embedding store of LangChain4j, whose jar has no module descriptor. */
@SuppressWarnings("requires-transitive-automatic")
module dev.kith.langchain4j {
  requires transitive dev.kith.db;
  requires transitive langchain4j.core;
  requires static transitive org.jspecify;

  exports dev.kith.langchain4j;
}
