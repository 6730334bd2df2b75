package dev.kith.lab.cupti;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kith.lab.profile.Activity.Call;
import dev.kith.lab.profile.Activity.Kernel;
import dev.kith.lab.profile.Activity.Memcpy;
import dev.kith.lab.profile.Activity.Memset;
import dev.kith.lab.profile.Activity.Place;
import dev.kith.lab.profile.Activity.Size;
import dev.kith.lab.profile.CopyKind;
import dev.kith.lab.profile.Gpu;
import dev.kith.lab.profile.MemoryKind;
import dev.kith.lab.profile.Profile;
import dev.kith.lab.profile.Recorder;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Records as a C program wrote them that was compiled with cupti_activity.h of CUDA 13.0, field by
 * field by name: {@code CUpti_ActivityKernel10}, {@code Memcpy6}, {@code Memset4}, {@code API},
 * {@code Device5}, cut off after the last field that is read. The offsets of {@code Kernel4},
 * {@code Kernel5}, {@code Memcpy}, {@code Memset} to {@code Memset3} and {@code Device4} were
 * compared, too.
 */
class CuptiRecordsTest {
  private static final String KERNEL =
      "0a000000110128000200000003000000887766554433221199796655443322110700000000000000010000000200"
          + "00000d000000e80300000200000003000000000100000400000005000000001000000020000010000000"
          + "630000004d00000005000000000000000807060504030201";

  private static final String MEMCPY =
      "010000000203020100f2052a01000000e803000000000000c40900000000000001000000020000000e0000004e00"
          + "0000";

  private static final String MEMSET =
      "02000000ff00000000bca06501000000e803000000000000280a00000000000001000000020000000f0000004f00"
          + "000003000300";

  private static final String CALL =
      "040000001401000084030000000000004c0400000000000067120000681200004e00000002000000";

  private static final String DEVICE =
      "08000000030000000058d0c700000000000016cc1300000000000100000020032000000060361e00030000008400"
          + "0000"
          + "00".repeat(56)
          + "090000000000000001000000"
          + "00".repeat(20)
          + "0807060504030201";

  /** Names that repeat what was asked. */
  private static final CuptiRecords.Names NAMES =
      new CuptiRecords.Names() {
        @Override
        public String at(long address) {
          return "at %x".formatted(address);
        }

        @Override
        public String demangled(String mangled) {
          return mangled + " demangled";
        }

        @Override
        public String call(boolean driver, int number) {
          return "%s %d".formatted(driver ? "driver" : "runtime", number);
        }
      };

  @Test
  void read_kernel_hasEveryField() throws Exception {
    assertThat(read(KERNEL, -0x1122334455667000L).activities())
        .containsExactly(
            new Kernel(
                0x788,
                0x999,
                new Place(1, 2, 13, 77),
                "at 102030405060708 demangled",
                "at 102030405060708",
                new Size(1000, 2, 3),
                new Size(256, 4, 5),
                40,
                4096,
                8192,
                16));
  }

  @Test
  void read_memcpy_hasEveryField() throws Exception {
    assertThat(read(MEMCPY, 10).activities())
        .containsExactly(
            new Memcpy(
                1010,
                2510,
                new Place(1, 2, 14, 78),
                5_000_000_000L,
                CopyKind.DTOH,
                MemoryKind.DEVICE,
                MemoryKind.PINNED));
  }

  @Test
  void read_memset_hasEveryField() throws Exception {
    assertThat(read(MEMSET, 10).activities())
        .containsExactly(
            new Memset(
                1010, 2610, new Place(1, 2, 15, 79), 6_000_000_000L, 255, MemoryKind.DEVICE));
  }

  @Test
  void read_callOfDriverOrRuntime_hasEveryField() throws Exception {
    assertThat(read(CALL, 0).activities())
        .containsExactly(new Call(900, 1100, 4712, 78, "driver 276", true, 2));
    assertThat(read("05" + CALL.substring(2), 0).activities())
        .containsExactly(new Call(900, 1100, 4712, 78, "runtime 276", false, 2));
  }

  @Test
  void read_device_isAGpu() throws Exception {
    assertThat(read(DEVICE, 0).gpus())
        .containsExactly(
            new Gpu(
                1,
                "at 102030405060708",
                85_028_372_480L,
                3_352_320_000_000L,
                52_428_800,
                1_980_000_000,
                132,
                9,
                0));
  }

  @Test
  void read_otherKindOrNoTimes_isLeftAlone() throws Exception {
    assertThat(read("0c" + CALL.substring(2), 0).activities()).isEmpty();
    String timeless = MEMCPY.substring(0, 32) + "00".repeat(16) + MEMCPY.substring(64);
    assertThat(read(timeless, 0).activities()).isEmpty();
  }

  private static Profile read(String hex, long offset) throws Exception {
    var recorder = Recorder.start(List.of());
    var record = MemorySegment.ofArray(HexFormat.of().parseHex(hex));
    new CuptiRecords(time -> time + offset, NAMES, recorder.sink()).read(record);
    return recorder.stop(Map.of());
  }
}
