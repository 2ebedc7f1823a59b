# Writes OUTPUT, a C++ table of the pages FOLDER/CODE.md, in order of their codes.
file(GLOB pages ${FOLDER}/*.md)
list(SORT pages)
set(table "")
foreach(page ${pages})
  get_filename_component(code "${page}" NAME_WE)
  if(NOT code MATCHES "^[EWN][0-9][0-9][0-9][0-9]$")
    continue()
  endif()
  file(READ "${page}" text)
  string(APPEND table "    {\"${code}\", R\"infra_page(${text})infra_page\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made from docs/diagnostics/ by base/embed_explanations.cmake.
#include \"base/explanations.h\"

namespace infra {
namespace {

constexpr Explanation table[] = {
${table}    {\"\", \"\"},
};

}  // namespace

std::span<const Explanation> explanations() {
  return {table, sizeof(table) / sizeof(table[0]) - 1};
}

}  // namespace infra
")
