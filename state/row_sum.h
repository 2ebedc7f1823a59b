// state/row_sum.h — a keyed sum over a set of rows, in any order: each row's MAC as a number of 256
// bits, added modulo 2^256. A changed row costs one subtraction and one addition.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/sealing.h"

namespace infra {

class RowSum {
 public:
  void add(const SealingKey::Mac& mac) {
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::uint64_t sum = words_[i] + word(mac, i);
      const std::uint64_t total = sum + carry;
      carry = (sum < words_[i] || total < sum) ? 1 : 0;
      words_[i] = total;
    }
  }
  void subtract(const SealingKey::Mac& mac) {
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::uint64_t other = word(mac, i);
      const std::uint64_t difference = words_[i] - other;
      const std::uint64_t total = difference - borrow;
      borrow = (words_[i] < other || difference < borrow) ? 1 : 0;
      words_[i] = total;
    }
  }
  [[nodiscard]] std::string bytes() const {
    std::string text;
    for (const std::uint64_t one : words_) {
      for (unsigned shift = 0; shift < 64; shift += 8) {
        text += static_cast<char>(one >> shift & 0xFFU);
      }
    }
    return text;
  }
  bool operator==(const RowSum&) const = default;

 private:
  static std::uint64_t word(const SealingKey::Mac& mac, std::size_t index) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      value |= std::uint64_t{mac[8 * index + i]} << (8 * i);
    }
    return value;
  }

  std::array<std::uint64_t, 4> words_{};  // least significant first
};

}  // namespace infra
