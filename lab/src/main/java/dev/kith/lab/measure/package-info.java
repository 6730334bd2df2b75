/**
 * What every measurement of the lab rests on: the true answer ({@link
 * dev.kith.lab.measure.Oracle}), the rates that no program can beat ({@link
 * dev.kith.lab.measure.MachineRates}, by {@link dev.kith.lab.measure.ReadBandwidth} and {@link
 * dev.kith.lab.measure.ArithmeticRate}), times with their spread ({@link
 * dev.kith.lab.measure.Times}), and whether other work disturbed them ({@link
 * dev.kith.lab.measure.Load}).
 */
@NullMarked
package dev.kith.lab.measure;

import org.jspecify.annotations.NullMarked;
