# SPDX-License-Identifier: Apache-2.0
# cmake -D FROM=FILE -D TO=FILE.cpp -D NAME=NAME -P embed.cmake: writes the C++ source of control::embedded::NAME.
file(READ "${FROM}" text)
file(WRITE "${TO}.new" "#include \"daemon/control/embedded.h\"

namespace acmed::control::embedded {
const std::string_view ${NAME} = R\"embedded(${text})embedded\";
}  // namespace acmed::control::embedded
")
file(RENAME "${TO}.new" "${TO}")
