# Installs the configurations and the folders of their credentials where the units look for them. An operator's own file
# is never overwritten.
if(CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?/?$")
    set(folder "$ENV{DESTDIR}/etc/stipend")
else()
    set(folder "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/etc/stipend")
endif()

function(install_role from file state credentials)
    file(MAKE_DIRECTORY "${folder}/${credentials}")
    file(CHMOD "${folder}/${credentials}" DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
    if(EXISTS "${folder}/${file}")
        message(STATUS "Kept: ${folder}/${file}")
        return()
    endif()
    # A command in a shell has no STATE_DIRECTORY: it finds the service's state all the same.
    file(READ "${from}" text)
    string(REPLACE "\${STATE_DIRECTORY:-./var}" "\${STATE_DIRECTORY:-/var/lib/${state}}" text "${text}")
    # A new installation has workers that sign; a deployment of the old kind overrides this by the environment name.
    string(REPLACE "\${DISPATCH_EVIDENCE:-any}" "\${DISPATCH_EVIDENCE:-signed}" text "${text}")
    file(WRITE "${folder}/${file}" "${text}")
    message(STATUS "Installing: ${folder}/${file}")
endfunction()

install_role("${stipend_source}/config.yaml" config.yaml stipend credentials)
install_role("${stipend_source}/packaging/worker.yaml" worker.yaml stipend-worker worker-credentials)
