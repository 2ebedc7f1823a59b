// planner/coordinator.h — the one thread that owns an apply: what is ready, what waits for a
// commit, what has come back.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "planner/lookup.h"
#include "planner/step_run.h"

namespace infra {

class Coordinator {
 public:
  Coordinator(const ExecutionInput& input, const StepGraph& graph);
  ~Coordinator();  // waits until no job speaks to it any more
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;
  Coordinator(Coordinator&&) = delete;
  Coordinator& operator=(Coordinator&&) = delete;
  ExecutionResult run();

 private:
  using Replies = std::vector<Reply<Remote>>;
  using Shared = std::shared_ptr<StepRun>;
  friend class StepGate;

  struct Later {  // parked until a time
    std::chrono::milliseconds when{0};
    std::function<void()> what;
  };
  struct Listing {  // ids there were of each name, before we sent anything
    bool asked = false, done = false;
    std::multimap<std::string, Remote> by_name;
    std::vector<std::function<void()>> waiting;
  };

  // --- coordinator.cpp: readiness, batches, events ---
  void begin_ready();
  void begin(StepIndex step);
  bool leave_out(TaskIndex task);
  bool do_at_once(TaskIndex task);
  bool add_change(StepRun& run, TaskIndex task);
  void add_group_members(StepRun& run);
  bool open_door(StepRun& run);
  void launch(const Shared& run);
  void write_intents(const Shared& run);
  void post(std::function<void()> event);  // from any thread
  void start_job(Runner::Job job);
  bool serve();  // true: something had come
  void wait();
  void flush();
  void run_due();
  void stop_new();
  void put(Commit commit);
  void finish_task(TaskIndex task, bool well);
  void step_progress(StepIndex step);
  [[nodiscard]] bool interrupted() const;
  [[nodiscard]] std::chrono::milliseconds now() const;

  // --- baseline.cpp: what was there before ---
  bool needs_listing(const ChangeRun& change) const;
  void list_then(const Shared& run, std::size_t change, std::function<void()> then);
  void take_baseline(StepRun& run, ChangeRun& change);
  [[nodiscard]] std::string listing_key(const StepRun& run, const ChangeRun& change) const;

  // --- outcome.cpp: what a reply means ---
  void settle(const Shared& run, Replies replies);
  void settle_one(const Shared& run, std::size_t index, Reply<Remote>& reply);
  void settle_error(const Shared& run, std::size_t index, const Error& error);
  void settle_unclear(const Shared& run, std::size_t index, const Error& error);
  void settle_unfinished(const Shared& run, std::size_t index, const Error& error);
  void try_again(StepRun& run, std::size_t index, std::chrono::milliseconds after);
  bool refused_as_a_whole(const StepRun& run, const Replies& replies) const;
  void go_on(const Shared& run);
  void send_again(const Shared& run);
  void succeed(StepRun& run, ChangeRun& change, const Remote& remote);
  void succeed_removal(StepRun& run, ChangeRun& change);
  void fail(StepRun& run, ChangeRun& change, const Error& error);
  void fail_known(StepRun& run, ChangeRun& change, const Error& error);
  void leave_open(StepRun& run, ChangeRun& change, const Error& error);
  enum class Why : std::uint8_t { answer_was_lost, said_to_exist, exists_unlisted };
  void look(const Shared& run, std::size_t change, Why why);
  void looked(const Shared& run, std::size_t change, bool settled, LookupResult result);
  void found_before(const Shared& run, std::size_t change, LookupResult result);
  bool looks_like_ours(const ChangeRun& change, const Remote& remote) const;
  void adopt(const Shared& run, std::size_t change, const std::vector<Remote>& objects);
  void look_at_document(const Shared& run, std::size_t change, const Error& error);
  Reply<Done> record(StepRun& run, std::size_t change, const Remote& remote,
                     std::vector<Path> took);
  void note_known(StepRun& run, ChangeRun& change, const Remote& remote,
                  const std::vector<Path>& took, Commit& commit);
  void note_done(StepRun& run, ChangeRun& change, const Remote& remote, RecordStatus status,
                 Commit& commit);
  void knowledge_parent(const StepRun& run, const ChangeRun& change, std::string& parent);
  void check_convergence(const ChangeRun& change, const ResourceRecord& record);
  void take_record(TaskIndex task, const ResourceRecord& record, const Remote& remote);
  [[nodiscard]] LookupInput lookup_input(const StepRun& run, const ChangeRun& change) const;
  [[nodiscard]] std::set<std::string> known_ids(const std::string& type,
                                                const std::string& except) const;

  static constexpr int most_stale_rounds_ = 3;

  const ExecutionInput& in_;
  Draft& draft_;
  const StepGraph& graph_;
  Runner& runner_;
  Listener silent_;
  Listener& listener_;
  ExecutionResult out_;

  std::vector<std::size_t> waits_for_;       // by step: steps before it that are not over
  std::vector<std::size_t> open_tasks_;      // by step
  std::vector<std::string> failed_because_;  // by task: "" or the address that failed
  std::vector<bool> over_;                   // by task
  std::deque<StepIndex> ready_;
  std::size_t flying_ = 0;                     // steps under an intent, or about to be
  std::size_t left_ = 0;                       // steps that are not over
  std::map<std::string, std::string> denied_;  // provider block -> the address that was denied
  std::map<std::string, Listing> listings_;
  std::vector<Later> later_;

  Commit batch_;
  std::vector<std::function<void()>> after_commit_;
  bool batch_has_intents_ = false, batch_has_known_ = false, batch_has_done_ = false;

  std::vector<std::map<std::string, ResourceRecord, std::less<>>::node_type>
      removed_;  // rows that are gone, and still spoken of

  std::mutex inbox_mutex_;
  std::vector<std::function<void()>> inbox_;
  std::size_t jobs_ = 0;  // under inbox_mutex_: that have not ended
};

}  // namespace infra
