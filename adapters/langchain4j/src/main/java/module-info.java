/** Kith as an embedding store of LangChain4j, whose jar has no module descriptor. */
@SuppressWarnings("requires-transitive-automatic")
module dev.kith.langchain4j {
  requires transitive dev.kith.db;
  requires transitive langchain4j.core;
  requires org.slf4j; // which LangChain4j logs by and, without a descriptor, cannot say
  requires static transitive org.jspecify;

  exports dev.kith.langchain4j;
}
