# The one file that is compiled for AVX-512 IFMA, and the proof that nothing of it serves another file: of an inline
# function that several files emit the linker keeps one copy, and were it this one's, the program would stop on every
# processor without those instructions.
function(isoloir_ifma)
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    return()  # it compiles to nothing
  endif()
  set(options -O3 -mavx512f -mavx512dq -mavx512vl -mavx512bw -mavx512ifma)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    list(APPEND options -Wno-uninitialized)  # in the compiler's own header of g++ 12
  endif()
  set_source_files_properties(src/multiexp/ifma_kernels.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON
                              COMPILE_OPTIONS "${options}")
  add_test(NAME multiexp.ifma_kernels_share_no_code
           COMMAND ${CMAKE_COMMAND} -D nm=${CMAKE_NM} -D archive=$<TARGET_FILE:isoloir_multiexp>
                   -P ${CMAKE_SOURCE_DIR}/cmake/ifma_symbols.cmake)
endfunction()
