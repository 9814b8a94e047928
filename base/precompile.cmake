# SPDX-License-Identifier: Apache-2.0
# The headers that half of the compiler's time goes into, compiled once for all programs and static libraries.
set(headers algorithm array atomic charconv chrono coroutine cstdint cstring deque exception filesystem fstream functional list map
            memory mutex optional ranges set sstream stdexcept string string_view system_error utility variant vector
            fmt/format.h)
list(TRANSFORM headers PREPEND "<")
list(TRANSFORM headers APPEND ">")

file(CONFIGURE OUTPUT precompiled.cpp CONTENT "")
add_library(acmed_precompiled OBJECT ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp)
target_link_libraries(acmed_precompiled PRIVATE acmed_rules fmt::fmt Threads::Threads)
target_precompile_headers(acmed_precompiled PRIVATE ${headers})
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # ccache knows a precompiled header by its content.
  target_compile_options(acmed_rules INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()

function(use_precompiled folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    if(type MATCHES "^(STATIC_LIBRARY|EXECUTABLE)$")
      target_precompile_headers(${target} REUSE_FROM acmed_precompiled)
    endif()
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(below ${folders})
    use_precompiled(${below})
  endforeach()
endfunction()
use_precompiled(${CMAKE_CURRENT_SOURCE_DIR})
