# Sets what libtorch needs: one thread a physical core, threads that sleep when idle, memory that is used again.
physical_cores() {
  local all cores
  all=$(nproc 2>/dev/null || sysctl -n hw.physicalcpu 2>/dev/null || echo 1)
  cores=$(lscpu -p=Core,Socket 2>/dev/null | grep -v '^#' | sort -u | wc -l || true)
  if [ -n "$cores" ] && [ "$cores" -ge 1 ] && [ "$cores" -lt "$all" ]; then echo "$cores"; else echo "$all"; fi
}

export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$(physical_cores)}
# Idle threads of OpenBLAS and OpenMP must sleep, not spin: each waits on the other's cores (docs/decisions/0003).
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-PASSIVE} OPENBLAS_THREAD_TIMEOUT=${OPENBLAS_THREAD_TIMEOUT:-4}
# Freed buffers are kept and used again: fresh pages cost a batch a tenth of its time (docs/decisions/0008).
# One arena: the others cannot keep what is larger than 64 MiB.
export MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-1}
export MALLOC_MMAP_MAX_=${MALLOC_MMAP_MAX_:-0} MALLOC_TRIM_THRESHOLD_=${MALLOC_TRIM_THRESHOLD_:-17179869184}
# The same float32 kernels on AVX2 and AVX-512 machines (docs/decisions/0002).
! grep -qw avx2 /proc/cpuinfo 2>/dev/null || export ATEN_CPU_CAPABILITY=${ATEN_CPU_CAPABILITY:-avx2}

# maxPhysicalBytes: the garbage collector cannot see tensors, so its own limit on them is switched off.
WHENCE_JVM_FLAGS="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -XX:+UseSerialGC -Dorg.bytedeco.javacpp.maxPhysicalBytes=0"
