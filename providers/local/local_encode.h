// providers/local/local_encode.h — between the portable attributes and what the agent speaks.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "providers/provider.h"

namespace infra::local {

// The attributes as the agent keeps them for the next look: tagged JSON, every secret Hidden.
[[nodiscard]] std::string note_attributes(const Value& desired);
[[nodiscard]] Value noted_attributes(const Value& note);

// The folder that a source means on this machine, or why there is none.
[[nodiscard]] Reply<std::string> source_folder(const Value& source,
                                               const std::string& stack_folder);

// What a put of each kind carries.
[[nodiscard]] Reply<Value> service_body(const Change& change, const std::string& stack_folder);
[[nodiscard]] Value database_body(const Change& change);
[[nodiscard]] Value bucket_body(const Change& change);
[[nodiscard]] Value volume_body(const Change& change);
[[nodiscard]] Reply<Value> cron_body(const Change& change);

// Percent-encoded for any part of a URL.
[[nodiscard]] std::string encode_in_url(std::string_view text);

// How long a service may take until it answers, as the agent was told.
[[nodiscard]] std::int64_t patience_ms(const Value& desired);

// What the agent shows, as attributes; `broken` where it does not run or is gone from the disk.
[[nodiscard]] Remote service_remote(const Value& view);
[[nodiscard]] Remote database_remote(const Value& view);
[[nodiscard]] Remote bucket_remote(const Value& view);
[[nodiscard]] Remote volume_remote(const Value& view);
[[nodiscard]] Remote cron_remote(const Value& view);

}  // namespace infra::local
