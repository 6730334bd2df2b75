/**
 * What a program did, and when: {@link dev.kith.lab.profile.Recorder} asks sources of activities,
 * {@link dev.kith.lab.profile.Profile} holds what they recorded on one clock. It is kept as SQLite
 * with the tables of an Nsight Systems export ({@link dev.kith.lab.profile.ProfileFile}), asked
 * with SQL ({@link dev.kith.lab.profile.ProfileQuery}), shown as a Chrome trace ({@link
 * dev.kith.lab.profile.ChromeTrace}) or in a few lines ({@link
 * dev.kith.lab.profile.ProfileSummary}).
 *
 * <p>A new kind of recorder, such as one for a GPU, is an {@link
 * dev.kith.lab.profile.ActivitySource}.
 */
@NullMarked
package dev.kith.lab.profile;

import org.jspecify.annotations.NullMarked;
