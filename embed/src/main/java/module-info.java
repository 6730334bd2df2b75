/** Text to vectors: tokenizer, ONNX models, retrieval data sets and their scores. */
module dev.kith.embed {
  requires transitive dev.kith.core;
  requires com.fasterxml.jackson.databind;
  requires com.microsoft.onnxruntime;
  requires jdk.jfr;
  requires org.tukaani.xz;
  requires static transitive org.jspecify;

  exports dev.kith.embed;
  exports dev.kith.embed.beir;
  exports dev.kith.embed.eval;

  provides dev.kith.core.text.TextEmbedderProvider with
      dev.kith.embed.ModelProvider;
}
