// Secrets out of messages; templates filled; files of the stack read.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/json.h"
#include "base/text.h"
#include "providers/door.h"
#include "providers/http_exchange.h"
#include "providers/support.h"

namespace infra {
namespace {

constexpr std::size_t shortest_secret = 4;  // shorter ones would blank ordinary text
constexpr std::size_t longest_message = 2048;
constexpr std::size_t largest_file = std::size_t{64} << 20;

// The part of the base64 text that does not depend on what stands around it.
std::string base64_core(std::string_view text, std::size_t offset) {
  const std::size_t skip = (3 - offset) % 3;
  if (text.size() <= skip + 3) {
    return {};
  }
  text.remove_prefix(skip);
  return base64(text.substr(0, text.size() / 3 * 3));
}

Error outside(const std::string& path) {
  return {ErrorKind::invalid,
          "`" + path + "` is not a file below the stack's folder",
          {},
          "sources, migrations and uploads are read from the stack's folder only"};
}

Reply<int> open_beneath(const std::string& folder, const std::string& path) {
  std::string below = path;
  if (below.starts_with(folder + "/")) {
    below = below.substr(folder.size() + 1);
  }
  if (below.empty() || below.front() == '/') {
    return outside(path);
  }
  const int root = ::open(folder.c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC);
  if (root < 0) {
    return Error{ErrorKind::invalid, "`" + folder + "`: " + std::strerror(errno)};
  }
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const auto opened =
      static_cast<int>(::syscall(SYS_openat2, root, below.c_str(), &how, sizeof(how)));
  const int reason = errno;
  ::close(root);
  if (opened < 0 && (reason == EXDEV || reason == ELOOP)) {
    return outside(path);
  }
  if (opened < 0) {
    return Error{ErrorKind::invalid, "`" + path + "`: " + std::strerror(reason)};
  }
  return opened;
}

Reply<std::string> read_all(int file, const std::string& path) {
  struct stat info {};
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
    return outside(path);
  }
  if (static_cast<std::size_t>(info.st_size) > largest_file) {
    return Error{ErrorKind::invalid, "`" + path + "` is larger than 64MiB"};
  }
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::read(file, text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return Error{ErrorKind::invalid, "`" + path + "`: " + std::strerror(errno)};
    }
    if (got == 0) {
      break;
    }
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

}  // namespace

void Scrubber::learn(const Value& value) {
  for_each_leaf(value, "", [&](const Path&, const Value& leaf) {
    if (const auto* secret = leaf.as<Secret>()) {
      learn_text(secret->expose());
    }
  });
}

void Scrubber::learn_text(std::string_view secret) {
  if (secret.size() < shortest_secret) {
    return;
  }
  const std::string quoted = json_quote(secret);
  std::vector<std::string> forms{std::string(secret), percent_encoded(secret),
                                 quoted.substr(1, quoted.size() - 2)};
  for (std::size_t offset = 0; offset < 3; ++offset) {
    forms.push_back(base64_core(secret, offset));
  }
  // The password inside a connection's url is a secret of its own.
  const std::size_t scheme = secret.find("://");
  const std::size_t at = scheme == std::string_view::npos ? scheme : secret.find('@', scheme + 3);
  const std::size_t colon = at == std::string_view::npos ? at : secret.find(':', scheme + 3);
  if (colon < at && at != std::string_view::npos) {
    forms.emplace_back(secret.substr(colon + 1, at - colon - 1));
  }
  const std::scoped_lock lock(mutex_);
  for (std::string& form : forms) {
    if (form.size() >= shortest_secret && std::ranges::find(forms_, form) == forms_.end()) {
      forms_.push_back(std::move(form));
    }
  }
  std::ranges::stable_sort(forms_, [](const std::string& left, const std::string& right) {
    return left.size() > right.size();
  });
}

std::string Scrubber::clean(std::string text) const {
  const std::scoped_lock lock(mutex_);
  for (const std::string& form : forms_) {
    for (std::size_t at = 0; (at = text.find(form, at)) != std::string::npos;) {
      text.replace(at, form.size(), "(secret)");
      at += std::string_view("(secret)").size();
    }
  }
  if (text.size() > longest_message) {
    text.resize(longest_message - 3);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) {
      text.pop_back();
    }
    text += "...";
  }
  return text;
}

Reply<Value> filled(std::string_view text, const Value& settings) {
  std::string plain;
  Secret hidden;
  bool secret = false;
  const auto add = [&](std::string_view piece) {
    if (secret) {
      hidden = concatenate(hidden, piece);
    } else {
      plain += piece;
    }
  };
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    const std::size_t close = text.find('}', open);
    if (open == std::string_view::npos || close == std::string_view::npos) {
      add(text);
      break;
    }
    add(text.substr(0, open));
    std::string path(text.substr(open + 1, close - open - 1));
    path.insert(0, path.starts_with('/') ? "" : "/");
    const Value& value = settings.at(path);
    if (const auto* taken = value.as<Secret>()) {
      hidden = secret ? concatenate(hidden, *taken) : concatenate(plain, *taken);
      secret = true;
    } else if (value.as<std::string>() != nullptr) {
      add(value.text());
    } else if (value.as<std::int64_t>() != nullptr) {
      add(std::to_string(value.integer()));
    } else {
      return Error{ErrorKind::invalid, "the setting `" + path.substr(1) + "` is missing", path,
                   "write it into the provider block"};
    }
    text.remove_prefix(close + 1);
  }
  return secret ? Value(hidden) : Value(plain);
}

std::string credential_key(const ProviderSchema& schema, const Endpoint& endpoint,
                           const Value& settings) {
  std::string key = schema.name + '\0' + endpoint.name;
  std::vector<std::string> parts = endpoint.credential;
  if (!endpoint.through.empty()) {  // its target fills the settings
    for (const auto& [setting, output] : endpoint.takes) {
      parts.push_back("/" + setting);
    }
  }
  for (const std::string& setting : parts) {
    const Value& value = settings.at(setting);
    const auto* secret = value.as<Secret>();
    key += '\0' + (secret != nullptr ? sha256_hex(secret->expose())
                                     : to_json(value, SecretText::sensitive));
  }
  return key;
}

Reply<std::string> read_source_file(const Value& settings, const std::string& path) {
  const std::string& folder = settings.at("/infra/folder").text();
  const std::string& data = settings.at("/infra/data").text();
  const bool own = !data.empty() && path.starts_with(data + "/");
  TRY(file, open_beneath(own ? data : folder, path));
  auto text = read_all(*file, path);
  ::close(*file);
  return text;
}

}  // namespace infra
