// One loaded archive: its description, and checked calls of it. What it gives does not change after it was made.

#pragma once

#include <ATen/autocast_mode.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <istream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "errors.h"
#include "partitions.h"
#include "seal.h"

namespace fxtraced {

// Where and how a model runs.
struct Options {
  torch::Device device = torch::kCPU;
  // at::kHalf or at::kBFloat16 calculates in it where libtorch's automatic mixed precision does; results keep the
  // archive's dtypes. On a CPU that has bfloat16, an archive with a sample is lowered for it once instead, unless
  // compile_partitions is false: what lies between products is calculated in it, too.
  std::optional<at::ScalarType> precision = std::nullopt;
  // Compare the file with its content hash before libtorch reads it.
  bool check_hash = true;
  // On a CPU, compile what pays for the sizes of the archive's sample when it is loaded: calls of these sizes are faster,
  // loading takes some seconds more, as ways are measured, and the weights lie in memory up to three times (docs/cpp.md).
  bool compile_partitions = true;
};

namespace detail {

constexpr std::int64_t kNewestFormat = 1;

// Multiplications of a graph from which its partitions save more than they cost (fxtraced/passes/partitioning.py).
constexpr std::int64_t kWorthwhile = 1 << 20;

inline const std::map<std::string, at::ScalarType>& dtypes() {
  static const std::map<std::string, at::ScalarType> table = {
      {"bool", at::kBool},          {"uint8", at::kByte},
      {"int8", at::kChar},          {"int16", at::kShort},
      {"int32", at::kInt},          {"int64", at::kLong},
      {"float16", at::kHalf},       {"bfloat16", at::kBFloat16},
      {"float32", at::kFloat},      {"float64", at::kDouble},
      {"complex64", at::kComplexFloat}, {"complex128", at::kComplexDouble},
  };
  return table;
}

inline std::string dtype_name(at::ScalarType type) {
  for (const auto& [name, value] : dtypes()) {
    if (value == type) {
      return name;
    }
  }
  return at::toString(type);
}

// [2, ?, 8]: a free dimension is a question mark.
inline std::string shape_text(at::IntArrayRef shape) {
  std::ostringstream text;
  text << '[';
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text << (i ? ", " : "");
    if (shape[i] < 0) {
      text << '?';
    } else {
      text << shape[i];
    }
  }
  text << ']';
  return text.str();
}

inline std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += (i ? between : "") + parts[i];
  }
  return text;
}

// The message without libtorch's C++ stack.
inline std::string message_of(const std::exception& error) {
  if (const auto* torch_error = dynamic_cast<const c10::Error*>(&error)) {
    return torch_error->what_without_backtrace();
  }
  return error.what();
}

// Throws an OutOfMemoryError where a text of libtorch says that memory ran out. TorchScript leaves the text of an error,
// not its type.
inline void throw_if_out_of_memory(const std::string& text, const std::string& doing) {
  for (const char* sign : {"CUDA out of memory", "can't allocate memory", "not enough memory: you tried to allocate",
                           "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED"}) {
    const auto found = text.find(sign);
    if (found != std::string::npos) {
      const auto start = text.rfind('\n', found);
      const auto from = start == std::string::npos ? 0 : start + 1;
      const std::string line = text.substr(from, text.find('\n', found) - from);
      throw OutOfMemoryError("FXT307 " + doing + " needs more memory than there is: " + line +
                             "\n  What was allocated for this call is free again: run fewer rows at once");
    }
  }
}

// The line of saved code that failed: above the last arrow before the traceback of the original code, if that follows.
inline std::string failed_line(const std::string& text) {
  const auto end = text.rfind('\n', text.rfind("<--- HERE", text.find("Traceback of TorchScript, original code")));
  if (end == std::string::npos || end == 0) {
    return "";
  }
  const auto start = text.find_first_not_of(' ', text.rfind('\n', end - 1) + 1);
  return text.substr(start, end - start);
}

// Throws what forward threw as one of our errors.
[[noreturn]] inline void rethrow(const std::exception& error, const std::string& path) {
  const std::string text = message_of(error);
  // The indented lines of the traceback quote code, in which any guard's text may stand; the message comes after them.
  auto message = text.rfind("<--- HERE");
  if (message == std::string::npos) {
    message = 0;
  } else {
    do {
      message = text.find('\n', message + 1);
    } while (message != std::string::npos && text[message + 1] == ' ');
  }
  const auto guard = text.find("FXT201", message);
  if (guard != std::string::npos) {
    throw GuardError(text.substr(guard, text.find_last_not_of(" \n") + 1 - guard));
  }
  throw_if_out_of_memory(text, "running " + path);
  if (message == 0) {
    throw Error("FXT306 running " + path + " failed: " + text);
  }
  const std::string said = message == std::string::npos ? "" : text.substr(message + 1);
  throw Error("FXT306 running " + path + " failed in `" + failed_line(text) + "`: " + said.substr(0, said.find_last_not_of(" \n") + 1));
}

// Switches automatic mixed precision on or off, as the options say, for as long as it lives.
class Autocast {
 public:
  Autocast(const torch::Device& device, const std::optional<at::ScalarType>& precision) : device_(device.type()) {
    // Devices that have none may not be asked.
    enabled_ = (device_ == at::kCPU || device_ == at::kCUDA) && at::autocast::is_autocast_enabled(device_);
    changed_ = enabled_ || precision;
    if (changed_) {
      dtype_ = at::autocast::get_autocast_dtype(device_);
      at::autocast::set_autocast_enabled(device_, precision.has_value());
      at::autocast::set_autocast_dtype(device_, precision.value_or(dtype_));
      at::autocast::increment_nesting();
    }
  }
  ~Autocast() {
    if (changed_) {
      if (at::autocast::decrement_nesting() == 0) {
        at::autocast::clear_cache();
      }
      at::autocast::set_autocast_dtype(device_, dtype_);
      at::autocast::set_autocast_enabled(device_, enabled_);
    }
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType device_;
  bool enabled_ = false;
  bool changed_ = false;
  at::ScalarType dtype_ = at::kFloat;
};

class Model {
 public:
  // The file that save_inference_model wrote into `path`, or `path` itself.
  static Model open(const std::string& path, const Options& options) {
    namespace fs = std::filesystem;
    std::error_code none;
    const fs::path file = fs::is_directory(path, none) ? fs::path(path) / "model.pt" : fs::path(path);
    if (!fs::is_regular_file(file, none)) {
      throw ArchiveError("FXT401 " + file.string() + " does not exist: give the directory of save_inference_model or its model.pt");
    }
    // One stream for the hash and the model: the name may be another file's by then.
    std::ifstream stream(file, std::ios::binary);
    return read(stream, file.string(), options);
  }

  // An archive that is read from a stream; `name` stands for it in errors.
  static Model read(std::istream& stream, const std::string& name, const Options& options) {
    check_options(options);
    const std::string hash = checked_hash(stream, name, options);
    return Model(name, options, hash, [&] { return torch::jit::load(stream, options.device); });
  }

  const std::string& name() const { return name_; }
  const Options& options() const { return options_; }
  const std::vector<std::string>& feed_names() const { return feed_names_; }
  const std::vector<std::string>& fetch_names() const { return fetch_names_; }
  const std::vector<std::string>& feed_dtypes() const { return feed_dtypes_; }
  const std::vector<std::vector<std::int64_t>>& feed_shapes() const { return feed_shapes_; }
  const std::vector<std::string>& guards() const { return guards_; }
  const std::vector<std::string>& fetch_dtypes() const { return fetch_dtypes_; }
  const std::vector<std::vector<std::int64_t>>& fetch_shapes() const { return fetch_shapes_; }
  const std::string& content_hash() const { return content_hash_; }

  // An attribute of the archive that it may lack.
  template <typename Value>
  Value attribute(const char* name, Value otherwise) const {
    return module_.hasattr(name) ? module_.attr(name).to<Value>() : otherwise;
  }

  // The difference that the self-test allows: the largest of what the archive's precision, the options' and the device
  // need. A GPU multiplies float32 in TF32 where libtorch lets it, as by default in convolutions: float16's mantissa.
  double tolerance() const {
    const double asked = !options_.precision ? 0.0 : *options_.precision == at::kHalf ? 2e-2 : 1e-1;
    return std::max({tolerance_, asked, options_.device.is_cuda() ? 2e-2 : 0.0});
  }

  // One tensor a feed in order; one a fetch in order.
  std::vector<at::Tensor> run(const std::vector<at::Tensor>& feeds) const {
    const std::vector<at::Tensor> fitting = checked(feeds);
    if (partitioned_) {
      const Autocast off(options_.device, std::nullopt);
      if (auto fetched = partitioned_->run(fitting)) {
        return *std::move(fetched);
      }
    }
    return as_it_is(fitting, options_.precision);
  }

  // Compiles partitions for feeds like these, where some answer the sizes of the sample.
  void compile_for(const std::vector<at::Tensor>& feeds) const {
    const std::vector<at::Tensor> fitting = checked(feeds);
    if (partitioned_) {
      const Autocast off(options_.device, std::nullopt);
      partitioned_->make(fitting, as_saved());
    }
  }

  // Compiles partitions for the sizes for which another model has some.
  void compile_like(const Model& other) const {
    if (partitioned_ && other.partitioned_) {
      for (const auto& feeds : other.partitioned_->feeds()) {
        compile_for(feeds);
      }
    }
  }

  // How many compiled partitions, products of MKL, packed LSTMs and kernels answer calls, for all sizes.
  std::size_t partitions() const { return partitioned_ ? partitioned_->count() : 0; }

  // Tensors by name, in the order of the feeds.
  std::vector<at::Tensor> ordered(const std::map<std::string, at::Tensor>& feeds) const {
    std::vector<at::Tensor> tensors(feed_names_.size());
    std::set<std::size_t> given;
    std::vector<std::string> problems;
    for (const auto& [name, tensor] : feeds) {
      const auto i = position(name);
      if (!i) {
        problems.push_back("unknown feed '" + name + "'");
      } else if (!given.insert(*i).second) {
        problems.push_back("feed '" + feed_names_[*i] + "' is given twice, by its name and as feed_" + std::to_string(*i));
      } else if (auto problem = misfit(*i, tensor)) {
        problems.push_back(*problem);
      } else {
        tensors[*i] = tensor;
      }
    }
    for (std::size_t i = 0; i < feed_names_.size(); ++i) {
      if (given.count(i) == 0) {
        problems.push_back("missing feed '" + feed_names_[i] + "'");
      }
    }
    if (!problems.empty()) {
      fail(problems);
    }
    return tensors;
  }

  // The inputs of the sample in the archive; none when it has no sample.
  std::optional<std::vector<at::Tensor>> sample() const {
    if (!module_.find_method("fxtraced_sample")) {
      return std::nullopt;
    }
    const c10::IValue feeds = call("fxtraced_sample", {});
    if (!feeds.isTensorList()) {
      throw ArchiveError("FXT401 " + name_ + " has a broken description: its sample is no list of tensors");
    }
    return feeds.toTensorVector();
  }

  // The largest difference of each fetch from the sample, relative to its scale; nothing without a sample.
  std::optional<std::vector<double>> differences() const {
    if (!module_.find_method("fxtraced_self_test")) {
      return std::nullopt;
    }
    const c10::IValue found = call("fxtraced_self_test", {});
    if (!found.isDoubleList() || found.toListRef().size() != fetch_names_.size()) {
      throw ArchiveError("FXT401 " + name_ + " has a broken description: its self-test does not give a number for each fetch");
    }
    auto differences = found.toDoubleVector();
    if (partitioned_) {
      // Partitions answer, and not what the method tests.
      const std::vector<at::Tensor> feeds = *sample();
      const auto expected = as_saved()(feeds), results = run(feeds);
      for (std::size_t i = 0; i < differences.size(); ++i) {
        differences[i] = std::max(differences[i], relative_difference(expected[i], results[i]));
      }
    }
    return differences;
  }

 private:
  template <typename Load>
  Model(std::string name, const Options& options, std::string content_hash, const Load& load)
      : name_(std::move(name)), options_(options), content_hash_(std::move(content_hash)) {
    try {
      module_ = load();
    } catch (const std::exception& error) {
      const std::string text = message_of(error);
      if (const auto target = text.rfind("FXT405"); target != std::string::npos) {
        throw TargetError(name_ + ": " + text.substr(target, text.find('\n', target) - target));
      }
      throw_if_out_of_memory(text, "loading " + name_);
      throw ArchiveError("FXT401 " + name_ + " cannot be loaded: " + text);
    }
    if (!module_.hasattr("fxtraced_format")) {
      throw ArchiveError("FXT401 " + name_ + " is a TorchScript file that fxtraced did not save: it has no fxtraced_format");
    }
    try {
      describe();
      module_.eval();
      // Lists of numbers are made once, and not in each call.
      auto graph = module_.get_method("forward").graph();
      torch::jit::ConstantPropagation(graph);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw ArchiveError("FXT401 " + name_ + " has a broken description: " + message_of(error));
    }
    compile_partitions();
  }

  // A model without a sample writes or draws random numbers, or nobody wanted one.
  void compile_partitions() {
    const bool in_bfloat16 = options_.precision == at::kBFloat16;
    if (!options_.compile_partitions || !options_.device.is_cpu() || (options_.precision && !in_bfloat16)) {
      return;
    }
    try {
      const auto multiplications = attribute<std::int64_t>("fxtraced_multiplications", 0);
      const auto feeds = multiplications < kWorthwhile ? std::nullopt : sample();
      if (!feeds) {
        return;
      }
      const auto fitting = checked(*feeds);
      const Autocast off(options_.device, std::nullopt);
      partitioned_ = PartitionedModule::of(module_, fitting, in_bfloat16, tolerance());
      const bool is_made = partitioned_ && partitioned_->make(fitting, as_saved());
      if (partitioned_ && !partitioned_->serve_any_size(fitting, as_saved()) && !is_made) {
        partitioned_ = nullptr;
      }
    } catch (const std::exception&) {
      // A broken sample says so to the one who asks for it.
      partitioned_ = nullptr;
    }
  }

  // The feeds on the model's device, as ordinary tensors. Throws FeedError for those that do not fit.
  std::vector<at::Tensor> checked(const std::vector<at::Tensor>& feeds) const {
    check(feeds);
    std::vector<at::Tensor> fitting;
    fitting.reserve(feeds.size());
    for (std::size_t i = 0; i < feeds.size(); ++i) {
      const at::Tensor feed = moved(i, feeds[i]);
      // A result may be a feed: it has no gradient.
      fitting.push_back(feed.requires_grad() ? feed.detach() : feed);
    }
    return fitting;
  }

  // What gives what the graph gives in the precision that it was saved in.
  Run as_saved() const {
    return [this](const auto& feeds) { return as_it_is(feeds, std::nullopt); };
  }

  // What the graph as it was saved gives.
  std::vector<at::Tensor> as_it_is(const std::vector<at::Tensor>& feeds, const std::optional<at::ScalarType>& precision) const {
    std::vector<at::Tensor> fetched = tensors_of(call("forward", std::vector<c10::IValue>(feeds.begin(), feeds.end()), precision));
    if (fetched.size() != fetch_names_.size()) {
      throw ArchiveError("FXT401 " + name_ + ": forward returned " + std::to_string(fetched.size()) + " tensors for " +
                         std::to_string(fetch_names_.size()) + " fetches");
    }
    if (precision) {
      for (std::size_t i = 0; i < fetched.size(); ++i) {
        const auto wanted = fetch_dtypes_.empty() ? dtypes().end() : dtypes().find(fetch_dtypes_[i]);
        fetched[i] = wanted == dtypes().end() ? fetched[i] : fetched[i].to(wanted->second);
      }
    }
    return fetched;
  }

  static void check_options(const Options& options) {
    if (options.precision && *options.precision != at::kHalf && *options.precision != at::kBFloat16) {
      throw Error("Options::precision must be at::kHalf, at::kBFloat16 or nothing, but is " + dtype_name(*options.precision));
    }
  }

  // The content hash at the end of the archive; empty where there is none. Throws ArchiveError where the bytes before it
  // have another one: libtorch itself may calculate other numbers with such a file.
  static std::string checked_hash(std::istream& stream, const std::string& name, const Options& options) {
    if (!options.check_hash) {
      return "";
    }
    const Seal seal = read_seal(stream);
    if (seal.cut) {
      throw ArchiveError("FXT401 " + name + " is damaged: its end is missing. Copy it anew, or save the model again");
    }
    if (seal.found != seal.written) {
      throw ArchiveError("FXT401 " + name + " is damaged: its content hash is " + seal.found + ", and " + seal.written +
                         " was written. Copy it anew, or save the model again");
    }
    return seal.found;
  }

  void describe() {
    const auto format = module_.attr("fxtraced_format").toInt();
    if (format > kNewestFormat) {
      throw ArchiveError("FXT401 " + name_ + " has format " + std::to_string(format) + ", this header reads up to " +
                         std::to_string(kNewestFormat) + ": update fxtraced");
    }
    feed_names_ = strings("fxtraced_feed_names");
    feed_dtypes_ = strings("fxtraced_feed_dtypes");
    fetch_names_ = strings("fxtraced_fetch_names");
    feed_shapes_ = shapes("fxtraced_feed_shapes");
    if (module_.hasattr("fxtraced_guards")) {
      guards_ = strings("fxtraced_guards");
    }
    const std::string target = module_.hasattr("fxtraced_target") ? module_.attr("fxtraced_target").toStringRef() : "portable";
    if (target != "portable" && target != "cpu" && target != "cuda") {
      throw ArchiveError("FXT401 " + name_ + " was saved for target '" + target + "', which this header does not know: update fxtraced");
    }
    if (target == "cpu") {
      if (!options_.device.is_cpu()) {
        throw TargetError("FXT405 " + name_ + " was saved for target 'cpu' and is loaded on another device. Load it on "
                          "the CPU, or save the static graph with target='portable'");
      }
      if (options_.precision) {
        throw TargetError("FXT405 " + name_ + " was saved for target 'cpu', whose weights are float32: leave "
                          "Options::precision away, or save the static graph with target='portable'");
      }
    }
    tolerance_ = attribute("fxtraced_tolerance", tolerance_);
    if (module_.hasattr("fxtraced_fetch_dtypes")) {
      fetch_dtypes_ = strings("fxtraced_fetch_dtypes");
      fetch_shapes_ = shapes("fxtraced_fetch_shapes");
    }
    if (feed_dtypes_.size() != feed_names_.size() || feed_shapes_.size() != feed_names_.size()) {
      throw ArchiveError("FXT401 " + name_ + " describes " + std::to_string(feed_names_.size()) + " feeds, " +
                         std::to_string(feed_dtypes_.size()) + " dtypes and " + std::to_string(feed_shapes_.size()) + " shapes");
    }
    if (!fetch_dtypes_.empty() && (fetch_dtypes_.size() != fetch_names_.size() || fetch_shapes_.size() != fetch_names_.size())) {
      throw ArchiveError("FXT401 " + name_ + " describes " + std::to_string(fetch_names_.size()) + " fetches, " +
                         std::to_string(fetch_dtypes_.size()) + " dtypes and " + std::to_string(fetch_shapes_.size()) + " shapes");
    }
  }

  // A feed on the model's device. From pinned memory to a GPU nothing waits.
  at::Tensor moved(std::size_t i, const at::Tensor& feed) const {
    if (feed.device() == options_.device) {
      return feed;
    }
    try {
      const bool queued = options_.device.is_cuda() && feed.device().is_cpu() && feed.is_pinned();
      return feed.to(options_.device, queued);
    } catch (const std::exception& error) {
      throw_if_out_of_memory(message_of(error), "a feed of " + name_);
      fail({"feed '" + feed_names_[i] + "' cannot go from " + feed.device().str() + " to " + options_.device.str() + ": " + message_of(error)});
    }
  }

  c10::IValue call(const char* method, std::vector<c10::IValue> stack) const { return call(method, std::move(stack), options_.precision); }

  c10::IValue call(const char* method, std::vector<c10::IValue> stack, const std::optional<at::ScalarType>& precision) const {
    // Not InferenceMode: its results could not be written to, nor used in training, outside of it.
    const at::NoGradGuard no_grad;
    const Autocast autocast(options_.device, precision);
    // This thread's own switch. TorchScript's optimising executor is slow in its first two calls, and fuses nothing on a
    // CPU: there the graph runs as it was saved.
    const torch::jit::GraphOptimizerEnabledGuard optimising(torch::jit::getGraphExecutorOptimize() && !options_.device.is_cpu());
    try {
      return module_.get_method(method)(std::move(stack));
    } catch (const std::exception& error) {
      rethrow(error, name_);
    }
  }

  std::vector<std::string> strings(const char* attribute) const {
    std::vector<std::string> texts;
    const auto list = module_.attr(attribute).toList();
    for (std::size_t i = 0; i < list.size(); ++i) {
      const c10::IValue text = list.get(i);
      texts.push_back(text.toStringRef());
    }
    return texts;
  }

  std::vector<std::vector<std::int64_t>> shapes(const char* attribute) const {
    std::vector<std::vector<std::int64_t>> found;
    const auto list = module_.attr(attribute).toList();
    for (std::size_t i = 0; i < list.size(); ++i) {
      const c10::IValue shape = list.get(i);
      found.push_back(shape.toIntVector());
    }
    return found;
  }

  // "x (float32 [?, 8])"
  std::string feed_text(std::size_t i) const {
    return feed_names_[i] + " (" + feed_dtypes_[i] + " " + shape_text(feed_shapes_[i]) + ")";
  }

  [[noreturn]] void fail(const std::vector<std::string>& problems) const {
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < feed_names_.size(); ++i) {
      expected.push_back(feed_text(i));
    }
    throw FeedError("FXT301 the feeds do not fit " + name_ + ":\n  " + joined(problems, "\n  ") +
                    "\n  expected: " + joined(expected, ", "));
  }

  // What is wrong with a tensor for feed i, or nothing. Sizes are left to the model's own guards.
  std::optional<std::string> misfit(std::size_t i, const at::Tensor& tensor) const {
    if (!tensor.defined()) {
      return "feed '" + feed_names_[i] + "': the tensor is undefined";
    }
    const auto wanted = dtypes().find(feed_dtypes_[i]);
    const bool dtype_fits = wanted == dtypes().end() || wanted->second == tensor.scalar_type();
    if (dtype_fits && tensor.dim() == static_cast<std::int64_t>(feed_shapes_[i].size())) {
      return std::nullopt;
    }
    return "feed '" + feed_names_[i] + "': expected " + feed_dtypes_[i] + " of rank " + std::to_string(feed_shapes_[i].size()) +
           ", received " + dtype_name(tensor.scalar_type()) + " of rank " + std::to_string(tensor.dim()) + " " +
           shape_text(tensor.sizes());
  }

  void check(const std::vector<at::Tensor>& feeds) const {
    if (feeds.size() != feed_names_.size()) {
      fail({"expected " + std::to_string(feed_names_.size()) + " tensors, received " + std::to_string(feeds.size())});
    }
    std::vector<std::string> problems;
    for (std::size_t i = 0; i < feeds.size(); ++i) {
      if (auto problem = misfit(i, feeds[i])) {
        problems.push_back(*problem);
      }
    }
    if (!problems.empty()) {
      fail(problems);
    }
  }

  // The position of a feed's name or alias. A feed that is called feed_1 wins over the alias.
  std::optional<std::size_t> position(const std::string& name) const {
    for (std::size_t i = 0; i < feed_names_.size(); ++i) {
      if (feed_names_[i] == name) {
        return i;
      }
    }
    for (std::size_t i = 0; i < feed_names_.size(); ++i) {
      if ("feed_" + std::to_string(i) == name) {
        return i;
      }
    }
    return std::nullopt;
  }

  std::string name_;
  Options options_;
  torch::jit::Module module_;
  std::vector<std::string> feed_names_;
  std::vector<std::string> feed_dtypes_;
  std::vector<std::vector<std::int64_t>> feed_shapes_;
  std::vector<std::string> fetch_names_;
  std::vector<std::string> fetch_dtypes_;
  std::vector<std::vector<std::int64_t>> fetch_shapes_;
  std::vector<std::string> guards_;
  std::string content_hash_;
  double tolerance_ = 1e-4;
  std::shared_ptr<PartitionedModule> partitioned_;
};

}  // namespace detail

}  // namespace fxtraced
