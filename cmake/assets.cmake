# Compiles views, catalogues, styles and browser bundles into the library isoloir_assets (src/web/assets.hpp).
# The assembler reads each file in place (.incbin), so size costs nothing; ninja remakes the one object when a file
# changes and asks CMake to look again when one comes or goes.

# isoloir_assets(): declares the library, and the commands that make the files that are not written by hand.
function(isoloir_assets)
  set(made ${CMAKE_BINARY_DIR}/assets)
  set(entries "")  # "<name>|<file>"

  foreach(folder views locale styles/static)
    file(GLOB_RECURSE files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*)
    foreach(file ${files})
      file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR}/${folder} ${file})
      if(folder STREQUAL locale AND name MATCHES "\\.po$")
        string(REGEX REPLACE "\\.po$" ".mo" name ${name})
        isoloir_catalogue(${file} ${made}/locale/${name})
        set(file ${made}/locale/${name})
      endif()
      get_filename_component(prefix ${folder} NAME)
      list(APPEND entries "${prefix}/${name}|${file}")
    endforeach()
  endforeach()

  isoloir_web_files(${made}/web web_files)
  foreach(file ${web_files})
    get_filename_component(name ${file} NAME)
    list(APPEND entries "web/${name}|${file}")
  endforeach()

  isoloir_embed("${entries}")
endfunction()

# Compiles a gettext catalogue, refusing one whose placeholders do not agree.
function(isoloir_catalogue source output)
  find_program(ISOLOIR_MSGFMT msgfmt REQUIRED)
  get_filename_component(folder ${output} DIRECTORY)
  add_custom_command(OUTPUT ${output} DEPENDS ${source}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
    COMMAND ${ISOLOIR_MSGFMT} --check -o ${output} ${source} VERBATIM)
endfunction()

# The style sheet, and one bundle for each entry point that exists, made by booth/build.mjs into `folder`.
function(isoloir_web_files folder result)
  file(GLOB_RECURSE scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/booth/*.ts)
  file(GLOB styles CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/styles/*.css)
  set(outputs ${folder}/portal.css ${folder}/receipt_check.js ${folder}/receipt_check.css)
  if(EXISTS ${CMAKE_SOURCE_DIR}/booth/main.ts)
    list(APPEND outputs ${folder}/booth.js)
  endif()
  if(EXISTS ${CMAKE_SOURCE_DIR}/booth/worker.ts)
    list(APPEND outputs ${folder}/worker.js)
  endif()
  list(FILTER scripts EXCLUDE REGEX "\\.test\\.ts$")
  add_custom_command(OUTPUT ${outputs}
    DEPENDS ${scripts} ${styles} ${CMAKE_SOURCE_DIR}/booth/receipt_check.css ${CMAKE_SOURCE_DIR}/booth/build.mjs ${CMAKE_SOURCE_DIR}/package-lock.json
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/node booth/build.mjs ${folder}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} VERBATIM)
  set(${result} ${outputs} PARENT_SCOPE)
endfunction()

function(isoloir_embed entries)
  list(SORT entries COMPARE STRING)
  list(LENGTH entries ISOLOIR_ASSET_COUNT)
  foreach(entry ${entries})
    string(REPLACE "|" ";" entry ${entry})
    list(GET entry 0 name)
    list(GET entry 1 file)
    list(APPEND files ${file})
    list(LENGTH files n)
    set(symbol isoloir_asset_${n})
    string(APPEND ISOLOIR_ASSET_BYTES
      "asm(\".section .rodata\\n${symbol}: .incbin \\\"${file}\\\"\\n${symbol}_end: .byte 0\\n.previous\\n\"\n"
      "    \".globl ${symbol}, ${symbol}_end\");\n"
      "extern \"C\" const char ${symbol}[];\nextern \"C\" const char ${symbol}_end[];\n")
    string(APPEND ISOLOIR_ASSET_NAMES "\n    \"${name}\",")
    string(APPEND ISOLOIR_ASSET_CONTENTS "\n      std::string_view(${symbol}, ${symbol}_end),")
  endforeach()
  set(source ${CMAKE_BINARY_DIR}/assets/assets.cpp)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/assets.cpp.in ${source} @ONLY)
  # What a source that is joined with others depends on is lost.
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${files}" SKIP_UNITY_BUILD_INCLUSION ON)
  add_library(isoloir_assets STATIC ${source})
  target_include_directories(isoloir_assets PUBLIC ${CMAKE_SOURCE_DIR}/src)
endfunction()
