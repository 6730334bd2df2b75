package dev.kith.lab.cupti;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kith.lab.toolkit.ToolkitLibrary;
import dev.kith.lab.toolkit.ToolkitLibrary.MissingException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WantedCallsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "cuLaunchKernel",
        "cuLaunchKernelEx_ptsz",
        "cuGraphLaunch",
        "cuGraphInstantiateWithFlags",
        "cuMemcpyHtoDAsync_v2",
        "cuMemsetD32Async",
        "cuMemAlloc_v2",
        "cuMemAllocAsync",
        "cuMemFreeHost",
        "cuMemHostAlloc_v2",
        "cuStreamSynchronize",
        "cuEventSynchronize",
        "cuCtxSynchronize_v2",
        "cuLibraryLoadData",
        "cuModuleUnload",
        "cudaLaunchKernel_v7000",
        "cudaMemcpyAsync_ptsz_v7000",
        "cudaMalloc_v3020",
        "cudaFreeAsync_v11020",
        "cudaDeviceSynchronize_v3020"
      })
  void isWanted_workMemoryWaitsAndCode_yes(String name) {
    assertThat(WantedCalls.isWanted(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cuInit",
        "cuEventRecord",
        "cuEventQuery",
        "cuStreamWaitEvent",
        "cuStreamQuery",
        "cuStreamBeginCapture_v2",
        "cuCtxSetCurrent",
        "cuPointerGetAttribute",
        "cuMemGetInfo_v2",
        "cuMemHostGetDevicePointer_v2",
        "cuGraphAddMemcpyNode",
        "cuGetProcAddress_v2",
        "cudaGetDevice_v3020",
        "cudaEventRecord_v3020",
        "cudaGetLastError_v3020"
      })
  void isWanted_questionsAndMarks_no(String name) {
    assertThat(WantedCalls.isWanted(name)).isFalse();
  }

  /** Checks names and numbers of CUPTI itself, which needs no GPU to tell them. */
  @Test
  void of_cuptiItself_hasTheCallsOfASearch() throws Exception {
    ToolkitLibrary found;
    try {
      found = ToolkitLibrary.find("libcupti", "KITH_CUPTI", List.of("libcupti.so"));
    } catch (MissingException e) {
      assumeTrue(false, e.getMessage());
      throw e;
    }
    var library = new CuptiLibrary(found.symbols());
    assumeTrue(library.choosesCalls(), "this libcupti cannot choose calls: " + found.place());
    var calls = WantedCalls.of(library);
    assertThat(calls.driver().stream().map(number -> library.callName(true, number)))
        .contains(
            "cuLaunchKernel",
            "cuLaunchKernelEx",
            "cuGraphLaunch",
            "cuMemcpyHtoDAsync_v2",
            "cuMemcpyDtoHAsync_v2",
            "cuMemsetD32Async",
            "cuStreamSynchronize",
            "cuLibraryLoadData")
        .doesNotContain("cuEventRecord", "cuCtxSetCurrent", "cuStreamQuery");
    assertThat(calls.runtime().stream().map(number -> library.callName(false, number)))
        .contains("cudaLaunchKernel_v7000", "cudaMemcpyAsync_v3020", "cudaStreamSynchronize_v3020")
        .doesNotContain("cudaGetDevice_v3020");
  }
}
