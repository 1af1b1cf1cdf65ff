// The native module: the kernels of the C++ client for Python, and what is asked before every call of a static graph, in one
// look. fxtraced.sysconfig.build_native() builds it.

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <Python.h>
#include <c10/core/TensorImpl.h>
#include <torch/csrc/Exceptions.h>
#include <torch/csrc/autograd/python_variable.h>
#include <torch/csrc/jit/python/pybind_utils.h>
#include <torch/csrc/utils/pybind.h>
#include <torch/script.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "fxtraced/kernels.h"
#include "fxtraced/partitions.h"

namespace {

namespace py = pybind11;

// A tensor as it was: where its numbers lie, how often it was written into, and some bytes, for what writes without
// counting.
class Seen {
 public:
  explicit Seen(const at::Tensor& tensor)
      // It keeps its memory from being given to another tensor, so an equal address is the same memory.
      : kept_(tensor.detach()), seen_(tensor.unsafeGetTensorImpl()), version_(tensor._version()), memory_(tensor.const_data_ptr()) {
    const std::size_t size = tensor.is_contiguous() ? tensor.nbytes() : tensor.itemsize();
    size_ = std::min(size, sizeof(sample_));
    from_ = static_cast<const char*>(memory_) + (size - size_) / 2;
    std::memcpy(sample_, from_, size_);
  }

  bool is(const at::Tensor& tensor) const {
    const auto* now = tensor.unsafeGetTensorImpl();
    return now == seen_ && now->version_counter().current_version() == version_ && tensor.const_data_ptr() == memory_ &&
           std::memcmp(from_, sample_, size_) == 0;
  }

 private:
  at::Tensor kept_;
  const c10::TensorImpl* seen_;
  std::int64_t version_;
  const void* memory_;
  const char* from_ = nullptr;
  std::size_t size_ = 0;
  char sample_[64];
};

// Things, each by the dict that holds it and its key there, the tensors first.
class Watch {
 public:
  Watch(const std::vector<py::dict>& holders, const std::vector<py::object>& keys, const std::vector<py::object>& things, std::size_t tensors) {
    for (std::size_t i = 0; i < things.size(); ++i) {
      places_.push_back({holders.at(i), keys.at(i), things[i]});
      if (i < tensors) {
        seen_.emplace_back(py::cast<at::Tensor>(things[i]));
      }
    }
  }

  // Whether all are in their places, and the tensors as they were.
  bool holds() const {
    for (const auto& place : places_) {
      const auto* found = PyDict_GetItemWithError(place.holder.ptr(), place.key.ptr());
      if (found == nullptr && PyErr_Occurred() != nullptr) {
        throw py::error_already_set();
      }
      // What is not there is None, as of dict.get.
      if ((found == nullptr ? Py_None : found) != place.thing.ptr()) {
        return false;
      }
    }
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (!seen_[i].is(THPVariable_Unpack(places_[i].thing.ptr()))) {
        return false;
      }
    }
    return !is_cleared_;
  }

  std::vector<PyObject*> held() const {
    std::vector<PyObject*> found;
    for (const auto& place : places_) {
      found.insert(found.end(), {place.holder.ptr(), place.key.ptr(), place.thing.ptr()});
    }
    return found;
  }

  void clear() {
    is_cleared_ = true;
    seen_.clear();
    // What is let go may ask again.
    const auto places = std::exchange(places_, {});
  }

 private:
  struct Place {
    py::dict holder;
    py::object key, thing;
  };

  std::vector<Place> places_;
  std::vector<Seen> seen_;
  bool is_cleared_ = false;
};

// A whole call of a scripted graph: the feeds are looked at, what it was made of is asked for, and it runs.
class Call {
 public:
  // forward: a method of a scripted module, or a function. weights: what it takes after the feeds. examples: feeds on the
  // CPU, of whose dtypes and ranks others must be. checks: functions that must give True. exact: also of their sizes and
  // strides, with the number of threads of now and no mixed precision; TorchScript's optimising executor runs it, and its last
  // result is a number, or a tensor of one, that must be finite. finite: the feeds must be, by their sums.
  Call(
      const py::object& forward, std::vector<at::Tensor> weights, std::vector<at::Tensor> examples, std::vector<py::object> checks, bool exact,
      bool finite)
      : forward_(forward),
        weights_(std::move(weights)),
        examples_(std::move(examples)),
        checks_(std::move(checks)),
        exact_(exact),
        finite_(finite),
        threads_(at::get_num_threads()) {
    if (py::isinstance<torch::jit::Method>(forward)) {
      const auto& method = py::cast<const torch::jit::Method&>(forward);
      self_ = method.owner()._ivalue();
      function_ = &method.function();
    } else {
      function_ = py::cast<const torch::jit::StrongFunctionPtr&>(forward).function_;
    }
  }

  // The results; None where the feeds do not fit, a check does not hold or an operation fails, for another way to tell why.
  py::object operator()(const py::object& feeds) const {
    torch::jit::Stack stack;
    if (function_ == nullptr || !fits(feeds.ptr(), stack)) {
      return py::none();
    }
    for (const auto& check : checks_) {
      if (check().ptr() != Py_True) {
        return py::none();
      }
    }
    bool has_run = false;
    try {
      // What an operation warns of is Python's to show, or to raise.
      const torch::PyWarningHandler as_warnings_of_python;
      has_run = run(stack);
    } catch (python_error& raised) {
      raised.restore();
      throw py::error_already_set();
    }
    return has_run ? results_of(stack.back()) : py::none();
  }

  std::vector<PyObject*> held() const {
    std::vector<PyObject*> found = {forward_.ptr()};
    for (const auto& check : checks_) {
      found.push_back(check.ptr());
    }
    return found;
  }

  void clear() {
    function_ = nullptr;
    const auto forward = std::exchange(forward_, py::none());
    const auto checks = std::exchange(checks_, {});
  }

 private:
  bool run(torch::jit::Stack& stack) const {
    const py::gil_scoped_release others_may_run;
    const at::NoGradGuard no_grad;
    const torch::jit::GraphOptimizerEnabledGuard optimising(exact_);
    try {
      for (std::size_t i = self_ ? 1 : 0; finite_ && i < stack.size(); ++i) {
        const auto& feed = stack[i].toTensor();
        if (feed.is_floating_point() && !std::isfinite(feed.sum().item<double>())) {
          return false;
        }
      }
      stack.insert(stack.end(), weights_.begin(), weights_.end());
      function_->run(stack);
    } catch (const std::exception&) {
      return false;
    }
    return true;
  }

  bool fits(PyObject* feeds, torch::jit::Stack& stack) const {
    const bool is_sequence = PyList_CheckExact(feeds) || PyTuple_CheckExact(feeds);
    if (!is_sequence || static_cast<std::size_t>(PySequence_Fast_GET_SIZE(feeds)) != examples_.size()) {
      return false;
    }
    if (exact_ && (at::get_num_threads() != threads_ || at::autocast::is_autocast_enabled(at::kCPU))) {
      return false;
    }
    stack.reserve(examples_.size() + weights_.size() + 1);
    if (self_) {
      stack.emplace_back(self_);
    }
    for (std::size_t i = 0; i < examples_.size(); ++i) {
      auto* const feed = PySequence_Fast_GET_ITEM(feeds, static_cast<Py_ssize_t>(i));
      if (!THPVariable_Check(feed) || !fits(THPVariable_Unpack(feed), examples_[i])) {
        return false;
      }
      stack.emplace_back(THPVariable_Unpack(feed));
    }
    return true;
  }

  bool fits(const at::Tensor& feed, const at::Tensor& example) const {
    const bool is_alike = feed.scalar_type() == example.scalar_type() && feed.dim() == example.dim() && feed.is_cpu() && feed.layout() == at::kStrided;
    return is_alike && (!exact_ || (feed.sizes() == example.sizes() && feed.strides() == example.strides()));
  }

  py::object results_of(const c10::IValue& result) const {
    if (result.isTensor()) {
      return py::make_tuple(result.toTensor());
    }
    const auto& elements = result.toTupleRef().elements();
    const std::size_t count = elements.size() - (exact_ ? 1 : 0);
    if (exact_ && !std::isfinite(number_of(elements.back()))) {
      return py::none();
    }
    py::tuple found(count);
    for (std::size_t i = 0; i < count; ++i) {
      found[i] = py::cast(elements[i].toTensor());
    }
    return found;
  }

  static double number_of(const c10::IValue& value) { return value.isTensor() ? value.toTensor().item<double>() : value.toScalar().toDouble(); }

  // It keeps the function.
  py::object forward_;
  c10::intrusive_ptr<c10::ivalue::Object> self_;
  torch::jit::Function* function_ = nullptr;
  std::vector<at::Tensor> weights_, examples_;
  std::vector<py::object> checks_;
  bool exact_, finite_;
  int threads_;
};

using GraphPointer = std::shared_ptr<torch::jit::Graph>;

// What the graph of a frozen forward takes: its module, which it has no use for, and tensors.
std::vector<c10::IValue> inputs_of(const torch::jit::Graph& graph, const std::vector<at::Tensor>& feeds) {
  const auto self = graph.inputs().at(0)->type()->expect<c10::ClassType>();
  std::vector<c10::IValue> inputs = {c10::ivalue::Object::create(c10::StrongTypePtr(nullptr, self), self->numAttributes())};
  inputs.insert(inputs.end(), feeds.begin(), feeds.end());
  return inputs;
}

// Lets kernels calculate what they are the fastest for, in place; how many calls.
std::size_t calculate(const GraphPointer& graph, const std::vector<at::Tensor>& feeds, bool in_bfloat16) {
  const at::NoGradGuard no_grad;
  const auto inputs = inputs_of(*graph, feeds);
  fxtraced::detail::put_kernels(*graph, inputs, in_bfloat16 ? at::kBFloat16 : at::kFloat);
  return fxtraced::detail::kernel_calls(*graph);
}

// Lets kernels calculate squeeze-excite blocks and convolutions, in place; how many.
std::size_t calculate_images(const GraphPointer& graph, const std::vector<at::Tensor>& feeds) {
  const at::NoGradGuard no_grad;
  const auto inputs = inputs_of(*graph, feeds);
  fxtraced::detail::ExampleCall example(*graph, inputs);
  return fxtraced::detail::replace_squeeze_excite(example) + fxtraced::detail::replace_convolutions(example);
}

// Lets Python's garbage collector see what an object of T holds: a layer may hold the graph that looks at it.
template <typename T>
py::custom_type_setup collected() {
  return py::custom_type_setup([](PyHeapTypeObject* heap_type) {
    auto* type = &heap_type->ht_type;
    type->tp_flags |= Py_TPFLAGS_HAVE_GC;
    type->tp_traverse = [](PyObject* self, visitproc visit, void* arg) {
      Py_VISIT(Py_TYPE(self));
      if (py::detail::is_holder_constructed(self)) {
        for (auto* held : py::cast<const T&>(py::handle(self)).held()) {
          Py_VISIT(held);
        }
      }
      return 0;
    };
    type->tp_clear = [](PyObject* self) {
      if (py::detail::is_holder_constructed(self)) {
        py::cast<T&>(py::handle(self)).clear();
      }
      return 0;
    };
  });
}

// A convolution's weight [outputs, inputs, 3, 3] as fxtraced::winograd takes it, for tiles of 2x2 or 4x4 results.
at::Tensor winograd_weight(const at::Tensor& weight, std::int64_t tile) {
  const auto width = fxtraced::detail::kernels().at(0).width;
  return tile == 2 ? fxtraced::detail::winograd_weight<2>(weight, width) : fxtraced::detail::winograd_weight<4>(weight, width);
}

std::int64_t width() {
  const auto all = fxtraced::detail::fast_kernels();
  return all.empty() ? 0 : all.front().width;
}

}  // namespace

PYBIND11_MODULE(fxtraced_native, module) {
  module.def("width", width, "The floats in a vector of this CPU's kernels; 0 where there are none for it.");
  // Ways are measured, and other threads go on meanwhile.
  using Unlocked = py::call_guard<py::gil_scoped_release>;
  module.def("calculate", calculate, Unlocked(), py::arg("graph"), py::arg("feeds"), py::arg("in_bfloat16") = false,
      "Let kernels calculate what they are the fastest for in a frozen forward's graph, in place; how many calls they have.");
  module.def("calculate_images", calculate_images, Unlocked(), py::arg("graph"), py::arg("feeds"),
      "Let kernels calculate squeeze-excite blocks and convolutions in a frozen forward's graph, in place; how many.");
  module.def("winograd_weight", winograd_weight, py::arg("weight"), py::arg("tile"),
      "A weight [outputs, inputs, 3, 3] as fxtraced::winograd takes it, for tiles of 2x2 or 4x4 results; channels fill vectors.");
  py::class_<Watch>(module, "Watch", collected<Watch>())
      .def(
          py::init<const std::vector<py::dict>&, const std::vector<py::object>&, const std::vector<py::object>&, std::size_t>(), py::arg("holders"),
          py::arg("keys"), py::arg("things"), py::arg("tensors"))
      .def("holds", &Watch::holds);
  py::class_<Call>(module, "Call", collected<Call>())
      .def(
          py::init<const py::object&, std::vector<at::Tensor>, std::vector<at::Tensor>, std::vector<py::object>, bool, bool>(), py::arg("forward"),
          py::arg("weights"), py::arg("examples"), py::arg("checks"), py::arg("exact"), py::arg("finite"))
      .def("__call__", &Call::operator());
}
