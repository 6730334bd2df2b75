package dev.kith.lab.peers;

import dev.kith.core.search.Effort;
import java.util.ArrayList;
import java.util.List;

/** Contestant whose answers and times are a table; it notes every call in a list shared by all. */
final class FakeContestant implements Contestant {
  /** Answers a piece: the round in which it is asked, the effort, and its queries. */
  @FunctionalInterface
  interface Answers {
    Answer to(int round, Effort effort, int from, int to) throws ContestantException;
  }

  private final String name;
  private final List<Effort> efforts;
  private final List<String> calls;
  private final Answers answers;
  private final List<String> asked = new ArrayList<>();
  int closed;

  FakeContestant(String name, List<Effort> efforts, List<String> calls, Answers answers) {
    this.name = name;
    this.efforts = efforts;
    this.calls = calls;
    this.answers = answers;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Effort> efforts() {
    return efforts;
  }

  @Override
  public Built build() {
    calls.add(name + " built");
    return new Built("version of " + name, 3, 4_000_000);
  }

  @Override
  public Answer search(Effort effort, int from, int to) throws ContestantException {
    var call = "%s %s %d-%d".formatted(name, PeerRun.text(effort), from, to);
    int round = (int) asked.stream().filter(call::equals).count();
    asked.add(call);
    calls.add(call);
    return answers.to(round, effort, from, to);
  }

  @Override
  public void close() {
    closed++;
  }
}
