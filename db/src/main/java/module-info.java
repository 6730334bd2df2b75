/** Collections of points: storage, filters, searches by vector and by words. */
module dev.kith.db {
  requires com.fasterxml.jackson.databind;
  requires transitive dev.kith.core;
  requires static dev.hardwood.core;
  requires java.management;
  requires jdk.jfr;
  requires org.apache.lucene.core;
  requires static transitive org.jspecify;

  exports dev.kith.db;
  exports dev.kith.db.durability;
  exports dev.kith.db.filter;
  exports dev.kith.db.point;
  exports dev.kith.db.query;
  exports dev.kith.db.transfer;

  uses dev.kith.core.text.TextEmbedderProvider;
  uses dev.kith.db.KithStorage;

  provides dev.kith.db.KithStorage with
      dev.kith.db.store.LocalStorage;
  provides org.apache.lucene.codecs.KnnVectorsFormat with
      dev.kith.db.format.KithVectorsFormat,
      dev.kith.db.format.Kith1VectorsFormat;
}
