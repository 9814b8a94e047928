# SPDX-License-Identifier: Apache-2.0
# Tests of the source itself: `ctest -L check`.
foreach(check include_check format_check hardening_check metrics_check path_check script_check)
  add_test(NAME ${check} COMMAND ${CMAKE_CURRENT_LIST_DIR}/${check})
  set_tests_properties(${check} PROPERTIES LABELS check TIMEOUT 400 SKIP_RETURN_CODE 77)
endforeach()
add_test(NAME man_check COMMAND ${CMAKE_CURRENT_LIST_DIR}/man_check ${PROJECT_BINARY_DIR})
set_tests_properties(man_check PROPERTIES LABELS check TIMEOUT 60)
add_test(NAME install_check COMMAND ${CMAKE_CURRENT_LIST_DIR}/install_check ${PROJECT_BINARY_DIR})
set_tests_properties(install_check PROPERTIES LABELS check TIMEOUT 120)
add_test(NAME package_check COMMAND ${CMAKE_CURRENT_LIST_DIR}/package_check ${PROJECT_BINARY_DIR})
set_tests_properties(package_check PROPERTIES LABELS check TIMEOUT 300 SKIP_RETURN_CODE 77 DEPENDS install_check)
add_test(NAME readme_check COMMAND ${CMAKE_CURRENT_LIST_DIR}/readme_check ${PROJECT_BINARY_DIR})
# Not at the same time: each installation writes into the build folder, which this one sees as it was at its start.
set_tests_properties(readme_check PROPERTIES LABELS check TIMEOUT 400 SKIP_RETURN_CODE 77 DEPENDS "install_check;package_check")
add_test(NAME services_check COMMAND ${CMAKE_CURRENT_LIST_DIR}/services_check ${PROJECT_BINARY_DIR})
set_tests_properties(services_check PROPERTIES LABELS check TIMEOUT 600 SKIP_RETURN_CODE 77 COST 60 DEPENDS "install_check;package_check")
add_test(NAME docs_check COMMAND ${CMAKE_CURRENT_LIST_DIR}/docs_check ${PROJECT_BINARY_DIR})
set_tests_properties(docs_check PROPERTIES LABELS check TIMEOUT 120 DEPENDS install_check)
# It works on all processors for minutes where much has changed, and for a second where nothing has.
add_test(NAME tidy_check COMMAND ${CMAKE_CURRENT_LIST_DIR}/tidy_check ${PROJECT_BINARY_DIR})
set_tests_properties(tidy_check PROPERTIES LABELS check TIMEOUT 900 SKIP_RETURN_CODE 77 COST 500 PROCESSORS 2)
add_test(NAME mutants_fit COMMAND ${CMAKE_CURRENT_LIST_DIR}/mutants/run --fit)
set_tests_properties(mutants_fit PROPERTIES LABELS check TIMEOUT 60)
