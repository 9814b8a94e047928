// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace acmed::test {

/// While it lasts, the name service answers every question about users and groups by this errno; 0: there is no such
/// entry.
class FailingNameService {
 public:
  explicit FailingNameService(int error);
  FailingNameService(const FailingNameService&) = delete;
  FailingNameService& operator=(const FailingNameService&) = delete;
  ~FailingNameService();
};

}  // namespace acmed::test
