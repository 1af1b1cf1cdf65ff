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
// First calls. TorchScript's executor watches the first call and compiles in the second, which takes tens of
// milliseconds each; from the third on it is fast. Another rank or dtype makes it compile again. `warm_up` makes these
// calls at once. libtorch's switches for this (torch::jit::getProfilingMode, getNumProfiledRuns) belong to the whole
// process, so this header leaves them alone. torch::jit::setGraphExecutorOptimize(false) of
// <torch/csrc/jit/python/update_graph_executor_opt.h> belongs to the calling thread: with it the archive is
// interpreted as saved, quick from the second call on, and about a tenth slower in the long run.
//
// Devices. The archive is loaded onto the given device; feeds are moved there, results stay there. On a GPU calls are
// queued on the calling thread's current stream, as everywhere in libtorch.

#pragma once

#include <torch/script.h>

#include <cstdint>
#include <exception>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fxtraced {

// Base of all errors below, and what `run` throws when the model itself fails.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The given tensors do not fit the feeds: the text names every unknown, missing and wrong one. (FXT301)
struct FeedError : Error {
  using Error::Error;
};

// The model was traced for other shapes: the text has the line of the model that looked at them. (FXT201)
struct GuardError : Error {
  using Error::Error;
};

// The file is missing, is no TorchScript archive, or was not saved by fxtraced. (FXT401)
struct ArchiveError : Error {
  using Error::Error;
};

namespace detail {

constexpr std::int64_t kNewestFormat = 1;

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

// Throws what forward threw as one of our errors.
[[noreturn]] inline void rethrow(const std::exception& error, const std::string& path) {
  const std::string text = message_of(error);
  // The TorchScript traceback before the message quotes code, in which any guard's text may stand.
  const std::string end_of_trace = "<--- HERE";
  const auto trace = text.rfind(end_of_trace);
  const auto guard = text.find("FXT201", trace == std::string::npos ? 0 : trace + end_of_trace.size());
  if (guard != std::string::npos) {
    throw GuardError(text.substr(guard, text.find_last_not_of(" \n") + 1 - guard));
  }
  throw Error("running " + path + " failed: " + text);
}

}  // namespace detail

class Predictor {
 public:
  // Loads an archive: the directory given to save_inference_model, or the model.pt in it.
  // Throws ArchiveError.
  explicit Predictor(const std::string& path, torch::Device device = torch::kCPU)
      : path_(file_of(path)), device_(device) {
    try {
      module_ = torch::jit::load(path_, device_);
    } catch (const std::exception& error) {
      throw ArchiveError("FXT401 " + path_ + " cannot be loaded: " + detail::message_of(error));
    }
    if (!module_.hasattr("fxtraced_format")) {
      throw ArchiveError("FXT401 " + path_ + " is a TorchScript file that fxtraced did not save: it has no fxtraced_format");
    }
    try {
      format_ = module_.attr("fxtraced_format").toInt();
      if (format_ <= detail::kNewestFormat) {
        feed_names_ = strings("fxtraced_feed_names");
        feed_dtypes_ = strings("fxtraced_feed_dtypes");
        fetch_names_ = strings("fxtraced_fetch_names");
        const auto shapes = module_.attr("fxtraced_feed_shapes").toList();
        for (std::size_t i = 0; i < shapes.size(); ++i) {
          const c10::IValue shape = shapes.get(i);
          feed_shapes_.push_back(shape.toIntVector());
        }
      }
    } catch (const std::exception& error) {
      throw ArchiveError("FXT401 " + path_ + " has a broken description: " + detail::message_of(error));
    }
    if (format_ > detail::kNewestFormat) {
      throw ArchiveError("FXT401 " + path_ + " has format " + std::to_string(format_) + ", this header reads up to " +
                         std::to_string(detail::kNewestFormat) + ": update fxtraced");
    }
    if (feed_dtypes_.size() != feed_names_.size() || feed_shapes_.size() != feed_names_.size()) {
      throw ArchiveError("FXT401 " + path_ + " describes " + std::to_string(feed_names_.size()) + " feeds, " +
                         std::to_string(feed_dtypes_.size()) + " dtypes and " + std::to_string(feed_shapes_.size()) + " shapes");
    }
    module_.eval();
  }

  const std::vector<std::string>& feed_names() const { return feed_names_; }
  const std::vector<std::string>& fetch_names() const { return fetch_names_; }

  // "float32", "int64", ..., one a feed.
  const std::vector<std::string>& feed_dtypes() const { return feed_dtypes_; }

  // One shape a feed; -1 is a dimension of any size.
  const std::vector<std::vector<std::int64_t>>& feed_shapes() const { return feed_shapes_; }

  torch::Device device() const { return device_; }

  // One tensor a feed in the order of feed_names(); gives one a fetch in the order of fetch_names().
  // Throws FeedError, GuardError, or Error when the model fails.
  std::vector<at::Tensor> run(const std::vector<at::Tensor>& feeds) const {
    check(feeds);
    return call(feeds);
  }

  // Tensors by feed name (or feed_0, feed_1, ... by position); gives results by fetch name.
  std::map<std::string, at::Tensor> run(const std::map<std::string, at::Tensor>& feeds) const {
    const auto results = run(ordered(feeds));
    std::map<std::string, at::Tensor> named;
    for (std::size_t i = 0; i < results.size(); ++i) {
      named.emplace(fetch_names_[i], results[i]);
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

  // Calls until TorchScript's executor has compiled; see "First calls" above.
  void warm_up(const std::vector<at::Tensor>& feeds, int calls = 3) const {
    for (int i = 0; i < calls; ++i) {
      run(feeds);
    }
  }

 private:
  static std::string file_of(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code none;
    const fs::path file = fs::is_directory(path, none) ? fs::path(path) / "model.pt" : fs::path(path);
    if (!fs::is_regular_file(file, none)) {
      throw ArchiveError("FXT401 " + file.string() + " does not exist: give the directory of save_inference_model or its model.pt");
    }
    return file.string();
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

  // "x (float32 [?, 8])"
  std::string feed_text(std::size_t i) const {
    return feed_names_[i] + " (" + feed_dtypes_[i] + " " + detail::shape_text(feed_shapes_[i]) + ")";
  }

  [[noreturn]] void fail(const std::vector<std::string>& problems) const {
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < feed_names_.size(); ++i) {
      expected.push_back(feed_text(i));
    }
    throw FeedError("FXT301 the feeds do not fit " + path_ + ":\n  " + detail::joined(problems, "\n  ") +
                    "\n  expected: " + detail::joined(expected, ", "));
  }

  // What is wrong with a tensor for feed i, or nothing. Sizes are left to the model's own guards.
  std::optional<std::string> misfit(std::size_t i, const at::Tensor& tensor) const {
    if (!tensor.defined()) {
      return "feed '" + feed_names_[i] + "': the tensor is undefined";
    }
    const auto wanted = detail::dtypes().find(feed_dtypes_[i]);
    const bool dtype_fits = wanted == detail::dtypes().end() || wanted->second == tensor.scalar_type();
    if (dtype_fits && tensor.dim() == static_cast<std::int64_t>(feed_shapes_[i].size())) {
      return std::nullopt;
    }
    return "feed '" + feed_names_[i] + "': expected " + feed_dtypes_[i] + " of rank " + std::to_string(feed_shapes_[i].size()) +
           ", received " + detail::dtype_name(tensor.scalar_type()) + " of rank " + std::to_string(tensor.dim()) + " " +
           detail::shape_text(tensor.sizes());
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

  std::vector<at::Tensor> call(const std::vector<at::Tensor>& feeds) const {
    // Not InferenceMode: its results could not be written to, nor used in training, outside of it.
    const at::NoGradGuard no_grad;
    std::vector<c10::IValue> stack;
    stack.reserve(feeds.size());
    for (const auto& feed : feeds) {
      stack.emplace_back(feed.to(device_));
    }
    c10::IValue result;
    try {
      result = module_.get_method("forward")(std::move(stack));
    } catch (const std::exception& error) {
      detail::rethrow(error, path_);
    }
    std::vector<at::Tensor> fetched;
    if (result.isTensor()) {
      fetched.push_back(result.toTensor());
    } else if (result.isTuple()) {
      for (const auto& element : result.toTupleRef().elements()) {
        if (element.isTensor()) {
          fetched.push_back(element.toTensor());
        }
      }
    }
    if (fetched.size() != fetch_names_.size()) {
      throw ArchiveError("FXT401 " + path_ + ": forward returned " + result.tagKind() + " with " + std::to_string(fetched.size()) +
                         " tensors for " + std::to_string(fetch_names_.size()) + " fetches");
    }
    return fetched;
  }

  std::string path_;
  torch::Device device_;
  torch::jit::Module module_;
  std::int64_t format_ = 0;
  std::vector<std::string> feed_names_;
  std::vector<std::string> feed_dtypes_;
  std::vector<std::vector<std::int64_t>> feed_shapes_;
  std::vector<std::string> fetch_names_;
};

}  // namespace fxtraced
