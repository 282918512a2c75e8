# The passwords that people use most, one a line, which src/identity/common_passwords.cpp embeds.
function(isoloir_common_passwords)
  set(list ${CMAKE_BINARY_DIR}/common_passwords.txt)
  add_custom_command(OUTPUT ${list}
    DEPENDS ${CMAKE_SOURCE_DIR}/scripts/common_passwords.mjs ${CMAKE_SOURCE_DIR}/package-lock.json
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/node ${CMAKE_SOURCE_DIR}/scripts/common_passwords.mjs ${list}
    VERBATIM COMMENT "Listing common passwords")
  set(source ${CMAKE_SOURCE_DIR}/src/identity/common_passwords.cpp)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${list} SKIP_UNITY_BUILD_INCLUSION ON
                                                   COMPILE_DEFINITIONS ISOLOIR_PASSWORDS_FILE="${list}")
endfunction()
