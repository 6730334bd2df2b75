/**
 * Points from files into collections and back, a point at a time: {@link
 * dev.kith.db.transfer.PointImport} and {@link dev.kith.db.transfer.PointExport}. The files are
 * described in {@code docs/formats/collection-files.md}.
 */
@NullMarked
package dev.kith.db.transfer;

import org.jspecify.annotations.NullMarked;
