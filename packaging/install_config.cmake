# Installs the configuration and the folder of its credentials where the unit looks for them. An operator's own file is
# never overwritten.
if(CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?/?$")
    set(folder "$ENV{DESTDIR}/etc/stipend")
else()
    set(folder "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/etc/stipend")
endif()
file(MAKE_DIRECTORY "${folder}/credentials")
file(CHMOD "${folder}/credentials" DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
if(EXISTS "${folder}/config.yaml")
    message(STATUS "Kept: ${folder}/config.yaml")
else()
    # A command in a shell has no STATE_DIRECTORY: it finds the service's state all the same.
    file(READ "${stipend_config}" text)
    string(REPLACE "\${STATE_DIRECTORY:-./var}" "\${STATE_DIRECTORY:-/var/lib/stipend}" text "${text}")
    file(WRITE "${folder}/config.yaml" "${text}")
    message(STATUS "Installing: ${folder}/config.yaml")
endif()
