# Debian packages: `cpack -G DEB` in the build folder, or ./dev package.
#   stipend      the host, its tools, plugins, units and pages; and the signer, whose unit is enabled by itself
#   stipend-sdk  what authors of plugins need: headers, CMake files, and the network to try them on
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME stipend)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "stipend <stipend@localhost>")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_VERBATIM_VARIABLES ON)
# The configurations lie in /etc, outside of the prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
# What is packaged is built before: nothing else is built for it.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

set(CPACK_COMPONENTS_ALL host signer sdk devnet)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENT_HOST_GROUP stipend)
set(CPACK_COMPONENT_SIGNER_GROUP stipend)
set(CPACK_COMPONENT_SDK_GROUP sdk)
set(CPACK_COMPONENT_DEVNET_GROUP sdk)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_STIPEND_PACKAGE_NAME stipend)
set(CPACK_DEBIAN_STIPEND_DESCRIPTION "Pays each orchestrator for the uptime that it delivered, by plugins behind a
stable C ABI: monitoring, job dispatch, price, payment policy, settlement and alerts. With the worker's role, the signer of
payouts and the tools.")
set(CPACK_DEBIAN_STIPEND_PACKAGE_DEPENDS "ca-certificates, tzdata")
set(CPACK_DEBIAN_SDK_PACKAGE_NAME stipend-sdk)
set(CPACK_DEBIAN_SDK_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_SDK_DESCRIPTION "For authors of plugins: the headers of the C ABI, the SDKs in C, C++, Rust and
Go, the templates of stipend plugins new, and stipend-devnet, a gateway and orchestrators on one machine, with faults by a
scenario.")
# The C ABI needs none of what is recommended.
set(CPACK_DEBIAN_SDK_PACKAGE_DEPENDS "stipend (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_SDK_PACKAGE_RECOMMENDS "cmake, g++, libboost1.81-dev, libboost-json1.81-dev, doctest-dev")

set(control ${CMAKE_CURRENT_SOURCE_DIR}/debian)
set(CPACK_DEBIAN_STIPEND_PACKAGE_CONTROL_EXTRA
    "${control}/conffiles;${control}/preinst;${control}/prerm;${control}/postinst;${control}/postrm")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/stipend RENAME copyright COMPONENT host)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/stipend-sdk RENAME copyright COMPONENT devnet)
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/*.md)
install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/stipend COMPONENT host)
include(CPack)
