# SPDX-License-Identifier: GPL-3.0-or-later
# What `cmake --install` puts where, below a prefix: sbin/ctdb-processd, bin/processctl, everything that only programs
# start in libexec/ctdb-processd/, and texts. A room installs its program with install_program(); man pages, docs and
# examples are installed by being there. The target "programs" builds what is needed.
include(GNUInstallDirs)

set(PRIVATE_DIR ${CMAKE_INSTALL_LIBEXECDIR}/ctdb-processd)
# From the directory of one program to that of others, so that a tree may be installed to DESTDIR, or moved.
file(RELATIVE_PATH PRIVATE_DIR_FROM_SBIN /${CMAKE_INSTALL_SBINDIR} /${PRIVATE_DIR})

add_custom_target(programs)

# install_program(TARGET sbin|bin|libexec)
function(install_program target where)
  set(sbin ${CMAKE_INSTALL_SBINDIR})
  set(bin ${CMAKE_INSTALL_BINDIR})
  set(libexec ${PRIVATE_DIR})
  if(NOT where MATCHES "^(sbin|bin|libexec)$")
    message(FATAL_ERROR "install_program(${target}): \"${where}\" is none of sbin, bin and libexec")
  endif()
  install(TARGETS ${target} RUNTIME DESTINATION ${${where}})
  add_dependencies(programs ${target})
endfunction()

# install_text(FILE|PROGRAM DIRECTORY PATH…): texts that name our programs as Debian's package has them, below /usr. The
# prefix is put in when they are installed, as only then it is known.
function(install_text type directory)
  foreach(path IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH path BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
    cmake_path(GET path FILENAME name)
    string(CONFIGURE [[
      file(INSTALL "@path@" DESTINATION "${CMAKE_INSTALL_PREFIX}/@directory@" TYPE @type@)
      set(installed "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/@directory@/@name@")
      file(READ "${installed}" text)
      string(REPLACE "/usr/libexec/ctdb-processd" "${CMAKE_INSTALL_PREFIX}/@PRIVATE_DIR@" text "${text}")
      string(REPLACE "/usr/sbin/ctdb-processd" "${CMAKE_INSTALL_PREFIX}/@CMAKE_INSTALL_SBINDIR@/ctdb-processd" text "${text}")
      string(REPLACE "/usr/bin/processctl" "${CMAKE_INSTALL_PREFIX}/@CMAKE_INSTALL_BINDIR@/processctl" text "${text}")
      file(WRITE "${installed}" "${text}")
    ]] code @ONLY)
    install(CODE "${code}")
  endforeach()
endfunction()

file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.[1-8])
foreach(page IN LISTS pages)
  string(REGEX REPLACE ".*[.]" "" section ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

set(DOC_DIR ${CMAKE_INSTALL_DATADIR}/doc/ctdb-processd)
install(FILES COPYING README.md DESTINATION ${DOC_DIR})
install(DIRECTORY docs/ DESTINATION ${DOC_DIR} PATTERN man EXCLUDE)
file(GLOB examples CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.toml)
install_text(FILE ${DOC_DIR}/examples ${examples})
install_text(FILE ${DOC_DIR}/examples examples/Containerfile)
file(GLOB examples CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/prometheus/*)
install_text(FILE ${DOC_DIR}/examples/prometheus ${examples})
install_text(PROGRAM ${PRIVATE_DIR} examples/ctdbd-clean)
install_text(FILE lib/systemd/system packaging/ctdb-processd.service)
install(FILES packaging/processctl.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME processctl)
