# Sourced by the scripts beside it: where the project is, saying what happens, installing what is missing.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

build_packages="cmake ninja-build ccache g++ mold pkg-config antlr4 libantlr4-runtime-dev libcurl4-openssl-dev nlohmann-json3-dev
  libsqlitecpp-dev libsqlite3-dev libfmt-dev libcli11-dev libsodium-dev libre2-dev libpq-dev libuv1-dev libyaml-cpp-dev
  libhowardhinnant-date-dev tzdata libgtest-dev"
run_packages="postgresql postgresql-contrib redis-server python3 python3-psycopg2 libgvc6 curl procps"
lint_packages="clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev"

say() { printf '\n== %s\n' "$*"; }

# Installs the Debian packages among $@ that are missing; as root, or through sudo.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "These packages are missing, and neither root nor sudo is here: ${missing[*]}" >&2; exit 1; }
    sudo=(sudo)
  fi
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  # Debian would start a database server of its own for each package that has one; nothing here needs it.
  "${sudo[@]}" apt-get update -qq >/dev/null || { echo "apt-get update failed; is this machine online?" >&2; exit 1; }
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    { echo "apt-get could not install: ${missing[*]}" >&2; exit 1; }
}

# Configures (once) and builds a preset. `build PRESET [TARGET…]`
build() {
  local preset=$1
  shift
  say "Building ($preset)"
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >"build-$preset.log" 2>&1 ||
    { cat "build-$preset.log"; rm -f "build-$preset.log"; exit 1; }
  rm -f "build-$preset.log"
  ninja -C "build/$preset" --quiet "$@"
}

export CCACHE_SLOPPINESS=pch_defines,time_macros
