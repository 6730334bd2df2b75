/**
 * One HTML file about searches of some vectors: {@link dev.kith.lab.report.Measurement} measures
 * them, {@link dev.kith.lab.report.VectorMap} draws them on a plane, {@link
 * dev.kith.lab.report.Report} holds all of it, and {@link dev.kith.lab.report.ReportPage} writes
 * it.
 */
@NullMarked
package dev.kith.lab.report;

import org.jspecify.annotations.NullMarked;
