# SPDX-License-Identifier: GPL-3.0-or-later

# room(NAME SOURCES a.cpp … LINKS base …): the static library of one directory.
function(room name)
  cmake_parse_arguments(R "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${R_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${R_LINKS})
endfunction()

# room_test(NAME SOURCES a_test.cpp … LINKS store …): unit tests of one room in one program, run by ctest as unit-NAME.
function(room_test name)
  if(FUZZ)
    return()
  endif()
  cmake_parse_arguments(T "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(test-${name} ${T_SOURCES})
  target_link_libraries(test-${name} PRIVATE ${T_LINKS} catch_main)
  target_precompile_headers(test-${name} REUSE_FROM catch_main)
  target_compile_options(test-${name} PRIVATE ${TEST_OPTIONS})
  add_test(NAME ${TEST_PREFIX}unit-${name} COMMAND test-${name})
  set_tests_properties(${TEST_PREFIX}unit-${name} PROPERTIES LABELS unit TIMEOUT 600)
endfunction()
