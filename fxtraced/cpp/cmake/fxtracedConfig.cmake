# find_package(fxtraced) gives
#   fxtraced::fxtraced  the headers and libtorch
#   fxtraced::torch     libtorch alone
#
# libtorch is the `torch` target when find_package(Torch) was called before. Otherwise it is looked for, in this order:
# TORCH_INSTALL_PREFIX, Torch_DIR, CMAKE_PREFIX_PATH, the site-packages that this file lies in, `import torch` of the
# Python that is found. TorchConfig.cmake itself is not read: with a CUDA build it stops where there is no CUDA
# toolkit, and running a model needs none.

cmake_minimum_required(VERSION 3.18)

get_filename_component(_fxtraced_include "${CMAKE_CURRENT_LIST_DIR}/../include" ABSOLUTE)

function(_fxtraced_find_torch result)
  set(prefixes "")
  if(TORCH_INSTALL_PREFIX)
    list(APPEND prefixes "${TORCH_INSTALL_PREFIX}")
  endif()
  if(Torch_DIR)
    list(APPEND prefixes "${Torch_DIR}/../../..")
  endif()
  # A prefix may be torch itself or, as torch.utils.cmake_prefix_path, its share/cmake.
  foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
    list(APPEND prefixes "${prefix}" "${prefix}/../..")
  endforeach()
  list(APPEND prefixes "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../../../torch")
  foreach(prefix IN LISTS prefixes)
    if(EXISTS "${prefix}/include/torch/script.h")
      get_filename_component(prefix "${prefix}" ABSOLUTE)
      set(${result} "${prefix}" PARENT_SCOPE)
      return()
    endif()
  endforeach()

  if(Python3_EXECUTABLE)
    set(python "${Python3_EXECUTABLE}")
  elseif(Python_EXECUTABLE)
    set(python "${Python_EXECUTABLE}")
  else()
    find_program(FXTRACED_PYTHON NAMES python3 python)
    set(python "${FXTRACED_PYTHON}")
  endif()
  if(python)
    execute_process(
      COMMAND "${python}" -c "import os, torch; print(os.path.dirname(torch.__file__))"
      OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
    if(NOT failed AND EXISTS "${prefix}/include/torch/script.h")
      set(${result} "${prefix}" PARENT_SCOPE)
    endif()
  endif()
endfunction()

if(NOT TARGET fxtraced::torch)
  add_library(fxtraced::torch INTERFACE IMPORTED)
  set_property(TARGET fxtraced::torch PROPERTY INTERFACE_COMPILE_FEATURES cxx_std_17)
  find_package(Threads QUIET)
  if(TARGET Threads::Threads)
    set_property(TARGET fxtraced::torch APPEND PROPERTY INTERFACE_LINK_LIBRARIES Threads::Threads)
  endif()

  if(TARGET torch)
    set_property(TARGET fxtraced::torch APPEND PROPERTY INTERFACE_LINK_LIBRARIES torch ${TORCH_LIBRARIES})
    set_property(TARGET fxtraced::torch APPEND PROPERTY INTERFACE_INCLUDE_DIRECTORIES ${TORCH_INCLUDE_DIRS})
  else()
    set(_fxtraced_torch "")
    _fxtraced_find_torch(_fxtraced_torch)
    set(_fxtraced_lib "${_fxtraced_torch}/lib")
    foreach(_fxtraced_name torch torch_cpu c10 torch_cuda c10_cuda torch_hip c10_hip)
      find_library(FXTRACED_LIB_${_fxtraced_name} ${_fxtraced_name} PATHS "${_fxtraced_lib}" NO_DEFAULT_PATH)
      mark_as_advanced(FXTRACED_LIB_${_fxtraced_name})
    endforeach()
    if(NOT _fxtraced_torch OR NOT FXTRACED_LIB_torch_cpu OR NOT FXTRACED_LIB_c10)
      set(fxtraced_FOUND FALSE)
      set(fxtraced_NOT_FOUND_MESSAGE
          "libtorch was not found: set CMAKE_PREFIX_PATH to what `python -c 'import torch; print(torch.utils.cmake_prefix_path)'` prints")
      return()
    endif()
    set_property(TARGET fxtraced::torch APPEND PROPERTY INTERFACE_INCLUDE_DIRECTORIES
      "${_fxtraced_torch}/include" "${_fxtraced_torch}/include/torch/csrc/api/include")
    set_property(TARGET fxtraced::torch APPEND PROPERTY INTERFACE_LINK_LIBRARIES
      "${FXTRACED_LIB_torch_cpu}" "${FXTRACED_LIB_c10}")
    # A device's library registers itself when it is loaded and no symbol of it is named, so the linker must be told to
    # keep it.
    foreach(_fxtraced_name torch_cuda c10_cuda torch_hip c10_hip)
      if(FXTRACED_LIB_${_fxtraced_name})
        if(UNIX AND NOT APPLE)
          set_property(TARGET fxtraced::torch APPEND PROPERTY INTERFACE_LINK_LIBRARIES
            "-Wl,--push-state,--no-as-needed,\"${FXTRACED_LIB_${_fxtraced_name}}\",--pop-state")
        elseif(MSVC AND _fxtraced_name STREQUAL "torch_cuda")
          set_property(TARGET fxtraced::torch APPEND PROPERTY INTERFACE_LINK_LIBRARIES
            "${FXTRACED_LIB_torch_cuda}" "-INCLUDE:?warp_size@cuda@at@@YAHXZ")
        else()
          set_property(TARGET fxtraced::torch APPEND PROPERTY INTERFACE_LINK_LIBRARIES
            "${FXTRACED_LIB_${_fxtraced_name}}")
        endif()
      endif()
    endforeach()
    if(NOT fxtraced_FIND_QUIETLY)
      message(STATUS "fxtraced: libtorch in ${_fxtraced_torch}")
    endif()
  endif()
endif()

if(NOT TARGET fxtraced::fxtraced)
  add_library(fxtraced::fxtraced INTERFACE IMPORTED)
  set_property(TARGET fxtraced::fxtraced PROPERTY INTERFACE_INCLUDE_DIRECTORIES "${_fxtraced_include}")
  set_property(TARGET fxtraced::fxtraced PROPERTY INTERFACE_LINK_LIBRARIES fxtraced::torch)
endif()
