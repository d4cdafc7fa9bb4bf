# What is installed where, and the packages: `ninja -C build/release package`, or tools/build_package, which
# builds the page first. docs/packaging.md says what is in them.
include(GNUInstallDirs)
set(SP3CTRA_MAINTAINER "sp3ctra maintainers <maintainers@sp3ctra.invalid>" CACHE STRING "who made the package")
# A package needs what is installed, not every target of the build.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(made ${CMAKE_BINARY_DIR}/gen/package)
file(MAKE_DIRECTORY ${made})

# Made by the program from its own tables, so they are never older than it.
add_custom_command(OUTPUT ${made}/sp3ctra.1.gz ${made}/sp3ctra.bash ${made}/changelog.gz
  COMMAND sp3ctra man > ${made}/sp3ctra.1
  COMMAND sp3ctra completion bash > ${made}/sp3ctra.bash
  COMMAND gzip -9nkf ${made}/sp3ctra.1
  COMMAND gzip -9nc ${CMAKE_SOURCE_DIR}/packaging/debian/changelog > ${made}/changelog.gz
  DEPENDS sp3ctra ${CMAKE_SOURCE_DIR}/packaging/debian/changelog VERBATIM)
add_custom_command(OUTPUT ${made}/page-licences
  COMMAND ${CMAKE_COMMAND} -D WEB=${CMAKE_SOURCE_DIR}/web -D OUTPUT=${made}/page-licences
    -P ${CMAKE_SOURCE_DIR}/cmake/page_licences.cmake
  DEPENDS ${CMAKE_SOURCE_DIR}/web/package-lock.json ${CMAKE_SOURCE_DIR}/cmake/page_licences.cmake VERBATIM)
add_custom_target(package_files
  DEPENDS sp3ctra sp3ctra-capd ${made}/sp3ctra.1.gz ${made}/sp3ctra.bash ${made}/changelog.gz ${made}/page-licences)

install(TARGETS sp3ctra RUNTIME DESTINATION bin)
install(TARGETS sp3ctra-capd RUNTIME DESTINATION lib/sp3ctra)
install(PROGRAMS packaging/install-capd DESTINATION share/sp3ctra)
install(FILES packaging/demo.pcapng DESTINATION share/sp3ctra)
install(FILES ${made}/sp3ctra.1.gz DESTINATION share/man/man1)
install(FILES ${made}/sp3ctra.bash DESTINATION share/bash-completion/completions RENAME sp3ctra)
install(FILES packaging/sp3ctra.service DESTINATION lib/systemd/system)
install(FILES packaging/debian/copyright ${made}/changelog.gz ${made}/page-licences DESTINATION share/doc/sp3ctra)
install(FILES packaging/debian/lintian-overrides DESTINATION share/lintian/overrides RENAME sp3ctra)

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME sp3ctra)
set(CPACK_PACKAGE_VENDOR sp3ctra)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "network capture and analysis that explains what it sees")
set(CPACK_PACKAGE_DESCRIPTION
"sp3ctra captures network traffic, or opens captures, and explains them: packets
become flows, flows become transactions, and every field and sentence on its
page leads back to the packets that prove it. One program with a web page
inside, and the same abilities on the command line. Only the small program
sp3ctra-capd has the right to open capture sockets, for the users that are
listed for it.")
set(CPACK_PACKAGE_FILE_NAME ${PROJECT_NAME}-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)
set(CPACK_THREADS 0)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${SP3CTRA_MAINTAINER})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS libcap2-bin)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/debian/postinst
  ${CMAKE_SOURCE_DIR}/packaging/debian/prerm ${CMAKE_SOURCE_DIR}/packaging/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
