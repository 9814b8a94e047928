// SPDX-License-Identifier: Apache-2.0
#include "base/http/client.h"

#include <mutex>

#include "base/http/multi.h"
#include "base/http/network_thread.h"
#include "base/runtime/wait.h"

namespace acmed::http {

/// The way back from the network thread to the client's loop, until the client ends: its loop may end then, too.
class Client::Answers {
 public:
  explicit Answers(Loop& loop) : loop_(&loop) {}

  void post(std::function<void()> call) {
    const std::lock_guard guard(lock_);
    if (loop_ != nullptr) loop_->post_from_thread(std::move(call));
  }
  void close() {
    const std::lock_guard guard(lock_);
    loop_ = nullptr;
  }

 private:
  std::mutex lock_;
  Loop* loop_;
};

/// Completes when the transfer has ended.
class Client::Perform final : public Wait {
 public:
  Perform(Client& client, std::shared_ptr<Transfer> transfer)
      : multi_(client.multi_), thread_(client.thread_), answers_(client.answers_), transfer_(std::move(transfer)) {}
  void await_resume() const { throw_if_cancelled(); }

 private:
  bool start(Loop& loop) override {
    // Called on the network thread. Who is cancelled meanwhile is not told.
    transfer_->on_end = [answers = answers_, waiting = waiting_] {
      answers->post([waiting] {
        if (*waiting != nullptr) (*waiting)->end();
      });
    };
    thread_->post(
        [multi = multi_, thread = thread_.get(), transfer = transfer_] { multi->begin(thread->loop(), transfer); });
    loop.real_work_begins();  // the network's time is real: a test's clock stands still meanwhile
    return true;
  }

  void abandon() noexcept override {
    thread_->post([multi = multi_, transfer = transfer_] { multi->drop(*transfer); });
    leave();
  }

  void end() {
    leave();
    complete();
  }

  void leave() noexcept {
    *waiting_ = nullptr;
    loop().real_work_ends();
  }

  std::shared_ptr<Multi> multi_;
  std::shared_ptr<NetworkThread> thread_;
  std::shared_ptr<Answers> answers_;
  std::shared_ptr<Transfer> transfer_;
  std::shared_ptr<Perform*> waiting_ = std::make_shared<Perform*>(this);
};

/// What the network thread calls with a part: it is handed on where the caller works, in order.
std::function<void(std::string_view)> Client::passed_to_loop(std::function<void(std::string_view)> on_part,
                                                             std::shared_ptr<Answers> answers,
                                                             std::shared_ptr<const bool> wanted) {
  return [on_part = std::move(on_part), answers = std::move(answers), wanted = std::move(wanted)](auto part) {
    answers->post([on_part, wanted, part = std::string(part)] {
      if (*wanted) on_part(part);
    });
  };
}

Client::Client(Loop& loop, Settings settings)
    : multi_(std::make_shared<Multi>(std::move(settings))), answers_(std::make_shared<Answers>(loop)) {}

Client::~Client() {
  answers_->close();
  // What curl holds is freed where curl works.
  if (thread_) thread_->post([multi = std::move(multi_)]() mutable { multi.reset(); });
}

Task<Response> Client::send(Request request) {
  if (!thread_) thread_ = NetworkThread::shared();
  const auto wanted = std::make_shared<bool>(true);  // until this coroutine ends, in whatever way
  const std::shared_ptr<void> end(nullptr, [wanted](void*) { *wanted = false; });
  if (request.on_part) request.on_part = passed_to_loop(std::move(request.on_part), answers_, wanted);
  const auto transfer = std::make_shared<Transfer>(std::move(request));
  co_await Perform(*this, transfer);
  co_return transfer->exchange.take();
}

void Client::rest() {
  if (thread_) thread_->post([multi = multi_] { multi->rest(); });
}

}  // namespace acmed::http
