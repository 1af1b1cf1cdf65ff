// fxtraced::Predictor: runs an archive that fxtraced saved. Header only, C++17, needs libtorch and nothing else.
//
//     #include <fxtraced/predictor.h>
//
//     fxtraced::Predictor predictor("saved_infer_model");                 // the directory or its model.pt
//     std::vector<at::Tensor> out = predictor.run({x, mask});            // by position
//     auto by_name = predictor.run({{"x", x}, {"mask", mask}});          // by name, or feed_0, feed_1, ...
//
// Threads. One Predictor may be shared: `run` is const and safe from any number of threads at once. Not safe are
// destroying or assigning to a Predictor that another thread is using, and writing into a tensor that is being fed.
// Every call uses libtorch's thread pool, which is one for the whole process: with N threads calling at once,
// at::set_num_threads(cores / N) of <ATen/Parallel.h> before the first call avoids fighting over cores.
//
// Gradients. A call records none, whatever the caller's own mode; results are ordinary tensors, free to be written to
// and trained on. A caller who does neither may hold a c10::InferenceMode, which saves small models some per cent.
//
// First calls. On a CPU the graph runs as it was saved, and the first call takes a few milliseconds more than the next:
// this header switches TorchScript's optimising executor off for the time of a call, on the calling thread alone. On
// other devices, where it fuses operations, it watches the first call and compiles in the second, which takes tens of
// milliseconds each; another rank or dtype makes it compile again. `warm_up` makes these calls at once.
//
// Partitions. On a CPU a model of a million multiplications or more is compiled for the sizes of the archive's sample when
// it is loaded, unless Options::compile_partitions is false, and for those of `warm_up`. Calls of other sizes, with another
// number of threads, or with a feed that is not finite run the graph as it was saved. Results of the two agree within
// rounding.
//
// Devices. The archive is loaded onto the given device; feeds are moved there, results stay there. On a GPU calls are
// queued on the calling thread's current stream, as everywhere in libtorch.
//
// Reloading. `reload` swaps in another file while requests run: each request is answered by one model or the other, and
// none is lost. Copies of a Predictor (and `clone()`) serve the same model, so a reload shows in all of them.

#pragma once

#include <atomic>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "errors.h"
#include "memory.h"
#include "model.h"

namespace fxtraced {

class Predictor {
 public:
  // Loads an archive: the directory given to save_inference_model, or the model.pt in it.
  // Throws ArchiveError.
  explicit Predictor(const std::string& path, const Options& options)
      : cell_(std::make_shared<Cell>(std::make_shared<const detail::Model>(detail::Model::open(path, options)))) {}
  explicit Predictor(const std::string& path, torch::Device device = torch::kCPU) : Predictor(path, on(device)) {}

  // An archive whose bytes are in memory. Throws ArchiveError.
  static Predictor from_memory(const std::string& bytes, const Options& options = {}) {
    std::istringstream stream(bytes);
    return Predictor(std::make_shared<const detail::Model>(detail::Model::read(stream, "the archive in memory", options)));
  }

  std::vector<std::string> feed_names() const { return model()->feed_names(); }
  std::vector<std::string> fetch_names() const { return model()->fetch_names(); }

  // "float32", "int64", ..., one a feed.
  std::vector<std::string> feed_dtypes() const { return model()->feed_dtypes(); }

  // One shape a feed; -1 is a dimension of any size.
  std::vector<std::vector<std::int64_t>> feed_shapes() const { return model()->feed_shapes(); }

  // What must hold of the sizes of the feeds, as text.
  std::vector<std::string> guards() const { return model()->guards(); }

  // "float32", ..., one a fetch, and their shapes; empty for an archive of an earlier version.
  std::vector<std::string> fetch_dtypes() const { return model()->fetch_dtypes(); }
  std::vector<std::vector<std::int64_t>> fetch_shapes() const { return model()->fetch_shapes(); }

  // What else the archive says of itself: how many numbers the parameters have, how often each operation is in the graph,
  // the lines of the verification report, and "fxtraced 0.1.0, torch 2.13.0", which wrote it.
  std::int64_t parameters() const { return model()->attribute<std::int64_t>("fxtraced_parameters", 0); }
  std::map<std::string, std::int64_t> operations() const {
    std::map<std::string, std::int64_t> counts;
    const c10::Dict<std::string, std::int64_t> none;
    for (const auto& entry : model()->attribute("fxtraced_operations", none)) {
      counts[entry.key()] = entry.value();
    }
    return counts;
  }
  std::vector<std::string> verified() const { return model()->attribute<std::vector<std::string>>("fxtraced_verified", {}); }
  std::string written_by() const { return model()->attribute<std::string>("fxtraced_written_by", ""); }

  // The SHA-256 of the archive, with which it was compared; empty where it has none, or Options::check_hash is false.
  std::string content_hash() const { return model()->content_hash(); }

  torch::Device device() const { return model()->options().device; }

  // How many compiled partitions, products of MKL, packed LSTMs and kernels answer calls, for all sizes; 0 where none pay, or none are wanted.
  std::size_t partitions() const { return model()->partitions(); }

  // One tensor a feed in the order of feed_names(); gives one a fetch in the order of fetch_names().
  // Throws FeedError, GuardError, OutOfMemoryError, or Error when the model fails.
  std::vector<at::Tensor> run(const std::vector<at::Tensor>& feeds) const { return model()->run(feeds); }

  // Tensors by feed name (or feed_0, feed_1, ... by position); gives results by fetch name.
  std::map<std::string, at::Tensor> run(const std::map<std::string, at::Tensor>& feeds) const {
    const auto served = model();
    const auto results = served->run(served->ordered(feeds));
    std::map<std::string, at::Tensor> named;
    for (std::size_t i = 0; i < results.size(); ++i) {
      named.emplace(served->fetch_names()[i], results[i]);
    }
    return named;
  }

  // The braces forms: run({x, mask}) and run({{"x", x}, {"mask", mask}}).
  std::vector<at::Tensor> run(std::initializer_list<at::Tensor> feeds) const {
    return run(std::vector<at::Tensor>(feeds));
  }
  std::map<std::string, at::Tensor> run(std::initializer_list<std::pair<const std::string, at::Tensor>> feeds) const {
    return run(std::map<std::string, at::Tensor>(feeds));
  }

  // Compiles partitions for the sizes of these feeds (up to 16 choices of sizes), and calls until TorchScript's executor
  // has compiled; see "First calls" and "Partitions" above. A reload does the former for its model, too.
  void warm_up(const std::vector<at::Tensor>& feeds, int calls = 3) const {
    const auto served = model();
    served->compile_for(feeds);
    for (int i = 0; i < calls; ++i) {
      served->run(feeds);
    }
  }

  // The same on the sample in the archive. Throws Error when it has none.
  void warm_up() const {
    const auto feeds = model()->sample();
    if (!feeds) {
      throw Error(model()->name() + " has no sample: give warm_up the feeds");
    }
    warm_up(*feeds);
  }

  // Runs the sample in the archive on this device: for each fetch the largest difference from what was saved with it,
  // relative to its largest magnitude. Nothing when the archive has no sample. Throws SelfTestError when a difference
  // is above `tolerance`: by default 1e-4, and 2e-2 in half and 1e-1 in bfloat16 precision.
  std::optional<std::vector<double>> self_test(std::optional<double> tolerance = std::nullopt) const {
    return tested(*model(), tolerance);
  }

  // Serves another archive, or the same path read anew, from the next request on. The new model has the same feeds and
  // fetches and has tested itself before it takes over; otherwise the old one stays.
  // Throws ArchiveError and SelfTestError.
  void reload(const std::string& path, std::optional<double> tolerance = std::nullopt) {
    const auto old = model();
    const auto fresh = std::make_shared<const detail::Model>(detail::Model::open(path, old->options()));
    if (fresh->feed_names() != old->feed_names() || fresh->feed_dtypes() != old->feed_dtypes() ||
        fresh->fetch_names() != old->fetch_names() || ranks(*fresh) != ranks(*old)) {
      throw ArchiveError("FXT401 " + fresh->name() + " has other feeds or fetches than the model that is served: make another Predictor for it");
    }
    tested(*fresh, tolerance);
    fresh->compile_like(*old);
    std::atomic_store(&cell().model, fresh);
  }

  // Another Predictor of the same model; a reload of one shows in both.
  Predictor clone() const { return *this; }

 private:
  struct Cell {
    explicit Cell(std::shared_ptr<const detail::Model> served) : model(std::move(served)) {}
    std::shared_ptr<const detail::Model> model;
  };

  static Options on(torch::Device device) {
    Options options;
    options.device = device;
    return options;
  }

  explicit Predictor(std::shared_ptr<const detail::Model> model) : cell_(std::make_shared<Cell>(std::move(model))) {}

  // The model that is served now; a request takes it once and keeps it to its end.
  std::shared_ptr<const detail::Model> model() const { return std::atomic_load(&cell().model); }

  Cell& cell() const {
    if (!cell_) {
      throw Error("this Predictor was moved from: use the one that it was moved to, or clone() instead of std::move");
    }
    return *cell_;
  }

  static std::vector<std::size_t> ranks(const detail::Model& model) {
    std::vector<std::size_t> found;
    for (const auto& shape : model.feed_shapes()) {
      found.push_back(shape.size());
    }
    return found;
  }

  static std::optional<std::vector<double>> tested(const detail::Model& model, std::optional<double> tolerance) {
    const double allowed = tolerance.value_or(model.tolerance());
    const auto differences = model.differences();
    for (std::size_t i = 0; differences && i < differences->size(); ++i) {
      if (!((*differences)[i] <= allowed)) {
        std::ostringstream text;
        text << "FXT403 " << model.name() << " does not give on " << model.options().device << " what it gave when it was saved: '"
             << model.fetch_names()[i] << "' differs by " << (*differences)[i] << " of its scale, and " << allowed << " is allowed";
        throw SelfTestError(text.str());
      }
    }
    return differences;
  }

  std::shared_ptr<Cell> cell_;
};

// A number of predictors of one model, one for each thread that asks.
class PredictorPool {
 public:
  PredictorPool(const std::string& path, std::size_t size, const Options& options = {}) {
    if (size == 0) {
      throw Error("PredictorPool: size must be at least 1");
    }
    const Predictor first(path, options);
    predictors_.assign(size, first);
  }

  std::size_t size() const { return predictors_.size(); }

  // Throws std::out_of_range.
  Predictor& retrieve(std::size_t index) { return predictors_.at(index); }

 private:
  std::vector<Predictor> predictors_;
};

}  // namespace fxtraced
