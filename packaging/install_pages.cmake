# Installs what the programs print of their own command lines: pages for man, and completions for three shells.
set(share "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/share")

function(install_printed file)
    get_filename_component(folder "${file}" DIRECTORY)
    file(MAKE_DIRECTORY "${folder}")
    execute_process(COMMAND "${stipend_programs}/stipend" config ${ARGN} OUTPUT_FILE "${file}" COMMAND_ERROR_IS_FATAL ANY)
    message(STATUS "Installing: ${file}")
endfunction()

if(stipend_component STREQUAL "signer")
    # The page is printed by stipend, which need not be built where the signer is installed alone.
    if(EXISTS "${stipend_programs}/stipend")
        install_printed("${share}/man/man1/stipend-signer.1" man-page signer)
    endif()
    return()
endif()

file(MAKE_DIRECTORY "${share}/man/man1")
execute_process(COMMAND "${stipend_programs}/stipend" config man-page --folder "${share}/man/man1" COMMAND_ERROR_IS_FATAL ANY)
message(STATUS "Installing: ${share}/man/man1/stipend*.1")
install_printed("${share}/man/man5/stipend-config.5" man-page --settings)
install_printed("${share}/bash-completion/completions/stipend" completion bash)
install_printed("${share}/zsh/site-functions/_stipend" completion zsh)
install_printed("${share}/fish/vendor_completions.d/stipend.fish" completion fish)
