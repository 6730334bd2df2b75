package dev.kith.lab.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kith.lab.peers.SpeedCurve.Point;
import dev.kith.lab.peers.SpeedCurve.Speed;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpeedCurveTest {

  @Test
  void at_betweenTwoEfforts_followsTheLogarithm() {
    var curve = curve(point(0.8, 1000), point(0.9, 100));
    assertThat(curve.at(0.85).queriesPerCpuSecond()).isCloseTo(Math.sqrt(1e5), within(1e-9));
    assertThat(curve.at(0.825).queriesPerCpuSecond()).isCloseTo(Math.pow(10, 2.75), within(1e-9));
  }

  @Test
  void at_anEffortsOwnRecall_isItsSpeed() {
    var curve = curve(point(0.8, 1000), point(0.9, 100), point(0.95, 10));
    assertThat(curve.at(0.8)).isEqualTo(new Speed(0.8, 1000.0, false));
    assertThat(curve.at(0.9).queriesPerCpuSecond()).isCloseTo(100, within(1e-9));
    assertThat(curve.at(0.95).queriesPerCpuSecond()).isCloseTo(10, within(1e-9));
  }

  @Test
  void at_outsideOfWhatWasMeasured_saysSo() {
    var curve = curve(point(0.8, 1000), point(0.9, 100));
    assertThat(curve.at(0.5)).isEqualTo(new Speed(0.5, 1000.0, true));
    assertThat(curve.at(0.91)).isEqualTo(new Speed(0.91, null, false));
    assertThat(curve().at(0.5)).isEqualTo(new Speed(0.5, null, false));
  }

  @Test
  void at_anEffortThatAnotherBeats_isLeftOut() {
    // The wider effort was faster than the middle one, and found more.
    var curve = curve(point(0.8, 1000), point(0.85, 50), point(0.9, 100));
    assertThat(curve.at(0.85).queriesPerCpuSecond()).isCloseTo(Math.sqrt(1e5), within(1e-9));
    var equal = curve(point(0.9, 100), point(0.9, 200));
    assertThat(equal.at(0.9)).isEqualTo(new Speed(0.9, 200.0, false));
  }

  private static SpeedCurve curve(Point... points) {
    return new SpeedCurve(List.of(points));
  }

  private static Point point(double recall, double rate) {
    return new Point("beam 1", recall, rate, 1);
  }
}
