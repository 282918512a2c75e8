# The spoken digits of the audio captcha: espeak-ng renders 0 to 9 in French, then in English, as 22 kHz 16-bit mono WAVE
# files laid end to end in one file, which src/identity/voice.cpp embeds.
function(isoloir_voice)
  find_program(ISOLOIR_ESPEAK espeak-ng REQUIRED)
  set(folder ${CMAKE_BINARY_DIR}/voice)
  set(pack ${folder}/digits.wavs)
  file(MAKE_DIRECTORY ${folder})
  foreach(language fr en)
    foreach(digit RANGE 9)
      set(wave ${folder}/${language}${digit}.wav)
      list(APPEND waves ${wave})
      list(APPEND commands COMMAND ${ISOLOIR_ESPEAK} -v ${language} -s 130 -w ${wave} ${digit})
    endforeach()
  endforeach()
  add_custom_command(OUTPUT ${pack} ${commands} COMMAND cat ${waves} > ${pack} VERBATIM
                     COMMENT "Rendering the spoken digits")
  set(source ${CMAKE_SOURCE_DIR}/src/identity/voice.cpp)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${pack}
                                                   COMPILE_DEFINITIONS ISOLOIR_VOICE_FILE="${pack}")
endfunction()
