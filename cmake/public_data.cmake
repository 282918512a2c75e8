# Variable time is for public data alone: who may link isoloir_multiexp, and the proof that nobody else can include it.

# The targets named link it, each PRIVATE; a further one stops the configuration. Called after all targets are declared.
function(isoloir_public_data_only)
  get_property(targets DIRECTORY ${CMAKE_SOURCE_DIR} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(links ${target} LINK_LIBRARIES)
    if("isoloir_multiexp" IN_LIST links AND NOT target IN_LIST ARGN)
      message(FATAL_ERROR "${target} links isoloir_multiexp, whose time depends on what it computes")
    endif()
  endforeach()
  isoloir_inclusion_test(isoloir_multiexp compiles)
  isoloir_inclusion_test(isoloir_cli refused)  # and so every module below it
endfunction()

# Compiles the inclusion, to nothing, as a target that links this library would.
function(isoloir_inclusion_test library outcome)
  set(probe includes_multiexp_from_${library})
  add_library(${probe} OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/cmake/public_data/includes_multiexp.cpp)
  target_link_libraries(${probe} PRIVATE ${library})
  set(definitions $<TARGET_PROPERTY:${probe},COMPILE_DEFINITIONS>)
  set(name multiexp.inclusion_from_${library}_${outcome})
  add_test(NAME ${name} COMMAND_EXPAND_LISTS
           COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -I${CMAKE_SOURCE_DIR}/src
                   "$<$<BOOL:${definitions}>:-D$<JOIN:${definitions},;-D>>"
                   ${CMAKE_SOURCE_DIR}/cmake/public_data/includes_multiexp.cpp)
  if(outcome STREQUAL refused)
    set_tests_properties(${name} PROPERTIES PASS_REGULAR_EXPRESSION "for targets of public data alone")
  endif()
endfunction()
