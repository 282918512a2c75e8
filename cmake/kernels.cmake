# The files that are compiled for processors that not everybody has, and the proof that nothing of them serves another
# file: of an inline function that several files emit the linker keeps one copy, and were it one of theirs, the program
# would stop on every processor without those instructions.
function(isoloir_kernels_for engine)
  set_source_files_properties(src/multiexp/${engine}_kernels.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON
                              COMPILE_OPTIONS "$<IF:$<CONFIG:Debug>,-O1,-O3>;${ARGN}")
  add_test(NAME multiexp.${engine}_kernels_share_no_code
           COMMAND ${CMAKE_COMMAND} -D nm=${CMAKE_NM} -D archive=$<TARGET_FILE:isoloir_multiexp> -D engine=${engine}
                   -P ${CMAKE_SOURCE_DIR}/cmake/kernels_symbols.cmake)
endfunction()

function(isoloir_kernels)
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    return()  # they compile to nothing
  endif()
  # No operation on doubles may be fused or reordered (src/multiexp/fma_field.hpp).
  isoloir_kernels_for(fma -mavx2 -mfma -ffp-contract=off -fno-fast-math)
  set(ifma -mavx512f -mavx512dq -mavx512vl -mavx512bw -mavx512ifma)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    list(APPEND ifma -Wno-uninitialized)  # in the compiler's own header of g++ 12
  endif()
  isoloir_kernels_for(ifma ${ifma})
endfunction()
