/**
 * What every measurement of the lab rests on: the true answer ({@link
 * dev.kith.lab.measure.Oracle}), the rates that no program can beat ({@link
 * dev.kith.lab.measure.MachineRates}) and times with their spread ({@link
 * dev.kith.lab.measure.Times}).
 */
@NullMarked
package dev.kith.lab.measure;

import org.jspecify.annotations.NullMarked;
