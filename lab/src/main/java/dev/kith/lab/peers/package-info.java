/**
 * Comparison of approximate search at equal recall: {@link dev.kith.lab.peers.PeerRun} asks every
 * {@link dev.kith.lab.peers.Contestant} in turn, piece by piece. Kith is one ({@link
 * dev.kith.lab.peers.KithContestant}); other libraries are processes of their own ({@link
 * dev.kith.lab.peers.Peers}), built from the sources in {@code lab/peers} when first asked for. A
 * run is one thread's.
 */
@NullMarked
package dev.kith.lab.peers;

import org.jspecify.annotations.NullMarked;
