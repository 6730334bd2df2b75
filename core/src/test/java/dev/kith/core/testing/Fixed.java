package dev.kith.core.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Gives a test of {@link Seeded} the same numbers in every run but a campaign's.
 *
 * <p>For tests that hold a statistic, a recall for instance, to a bound: with new numbers each run
 * the bound is missed now and then though nothing is wrong.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.PARAMETER)
public @interface Fixed {}
