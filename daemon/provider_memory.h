// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "daemon/store/store.h"
#include "providers/memory.h"

namespace acmed {

/// A provider's memory, kept in the store.
class ProviderMemory final : public providers::Memory {
 public:
  /// `name`: the provider's. `store` must outlive this.
  ProviderMemory(store::Store& store, std::string name) : store_(store), name_(std::move(name)) {}

  Task<json::Object> recall() override { return store_.load_provider(name_); }
  Task<> keep(json::Object object) override { return store_.save_provider(name_, std::move(object)); }

 private:
  store::Store& store_;
  std::string name_;
};

}  // namespace acmed
