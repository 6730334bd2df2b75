/** LangChain4j's conformance suites, and what they leave out. */
@NullMarked
package dev.kith.langchain4j;

import org.jspecify.annotations.NullMarked;
