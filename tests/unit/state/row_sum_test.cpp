#include "state/row_sum.h"

#include <gtest/gtest.h>

#include "base/world.h"

namespace infra {
namespace {

SealingKey::Mac filled(unsigned char byte) {
  SealingKey::Mac mac{};
  mac.fill(byte);
  return mac;
}

TEST(RowSum, CarriesThroughAllWords) {
  RowSum sum;
  SealingKey::Mac one{};
  one[0] = 1;
  sum.add(filled(0xFF));
  sum.add(one);
  EXPECT_EQ(sum, RowSum()) << "2^256 - 1 + 1 is 0";
  sum.subtract(one);
  RowSum most;
  most.add(filled(0xFF));
  EXPECT_EQ(sum, most);
}

TEST(RowSum, OrderDoesNotMatterAndSubtractionUndoes) {
  Random& random = *real_world().random;
  std::vector<SealingKey::Mac> macs(200);
  RowSum forward;
  RowSum backward;
  for (auto& mac : macs) {
    random.fill(mac.data(), mac.size());
    forward.add(mac);
  }
  for (auto mac = macs.rbegin(); mac != macs.rend(); ++mac) {
    backward.add(*mac);
  }
  EXPECT_EQ(forward, backward);
  EXPECT_EQ(forward.bytes().size(), 32U);
  for (const auto& mac : macs) {
    EXPECT_FALSE(forward == RowSum());
    forward.subtract(mac);
  }
  EXPECT_EQ(forward, RowSum());
}

}  // namespace
}  // namespace infra
