// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>

#include "base/runtime/wait.h"

namespace acmed {

/// A list of coroutines waiting to be woken. The base of Event, Semaphore and the like.
class Waiters {
 public:
  Waiters() = default;
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  bool empty() const noexcept { return waiting_.empty(); }
  std::size_t size() const noexcept { return waiting_.size(); }
  void wake_one() noexcept;
  void wake_all() noexcept;

  class Turn final : public Wait {
   public:
    explicit Turn(Waiters& waiters) : waiters_(waiters) {}
    void await_resume() const { throw_if_cancelled(); }

   private:
    friend class Waiters;
    bool start(Loop&) override {
      place_ = waiters_.waiting_.insert(waiters_.waiting_.end(), this);
      return true;
    }
    void abandon() noexcept override { waiters_.waiting_.erase(place_); }

    Waiters& waiters_;
    std::list<Turn*>::iterator place_;
  };

  /// Completes at the next wake_one() that reaches it, or at wake_all(). Waiters are woken in order of arrival.
  Turn turn() { return Turn(*this); }

 private:
  std::list<Turn*> waiting_;
};

inline void Waiters::wake_one() noexcept {
  if (waiting_.empty()) return;
  Turn* first = waiting_.front();
  waiting_.pop_front();
  first->complete();
}

inline void Waiters::wake_all() noexcept {
  while (!waiting_.empty()) wake_one();
}

/// Something that happens once; all who wait for it then continue.
class Event {
 public:
  bool is_set() const noexcept { return set_; }
  void set() noexcept {
    set_ = true;
    waiters_.wake_all();
  }
  Task<> wait() {
    while (!set_) co_await waiters_.turn();
  }

 private:
  bool set_ = false;
  Waiters waiters_;
};

/// Admits a limited number at a time, first come first served.
class Semaphore {
 public:
  explicit Semaphore(std::size_t permits) : free_(permits) {}

  /// Returns its place when destroyed.
  class [[nodiscard]] Permit {
   public:
    Permit() = default;
    explicit Permit(Semaphore& semaphore) noexcept : semaphore_(&semaphore) {}
    Permit(Permit&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      if (this != &other) {
        release();
        semaphore_ = std::exchange(other.semaphore_, nullptr);
      }
      return *this;
    }
    ~Permit() { release(); }
    void release() noexcept {
      if (auto* semaphore = std::exchange(semaphore_, nullptr)) semaphore->give_back();
    }

   private:
    Semaphore* semaphore_ = nullptr;
  };

  Task<Permit> acquire() {
    if (free_ > 0) {
      --free_;
    } else {
      co_await waiters_.turn();  // with the permit of its former holder: newcomers cannot take it
    }
    co_return Permit(*this);
  }

 private:
  void give_back() noexcept {
    if (waiters_.empty()) {
      ++free_;
    } else {
      waiters_.wake_one();
    }
  }

  std::size_t free_;
  Waiters waiters_;
};

}  // namespace acmed
