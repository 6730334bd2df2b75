/**
 * Kith as an embedding store of LangChain4j: {@link dev.kith.langchain4j.KithEmbeddingStore}. Safe
 * for many threads.
 */
@NullMarked
package dev.kith.langchain4j;

import org.jspecify.annotations.NullMarked;
