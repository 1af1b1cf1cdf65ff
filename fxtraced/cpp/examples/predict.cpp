// Runs an archive with plain libtorch: nothing of fxtraced is included or linked.

#include <torch/script.h>

#include <string>
#include <vector>

#include "files.h"

namespace {

const char* const kUsage =
    "usage: predict MODEL FEEDS RESULTS [--device NAME] [--repeat N]\n"
    "  MODEL    model.pt of a saved model\n"
    "  FEEDS    torch.save([tensor, ...]) in the order of the model's feeds\n"
    "  RESULTS  is written: torch.load gives a tuple of tensors\n"
    "  --device cpu (default), cuda, cuda:1, ...\n"
    "  --repeat also print the median time of N further calls\n";

std::vector<at::Tensor> predict(const torch::jit::Module& model, const std::vector<c10::IValue>& feeds) {
  const at::NoGradGuard no_grad;
  const c10::IValue result = model.get_method("forward")(feeds);
  if (result.isTensor()) {
    return {result.toTensor().cpu()};
  }
  std::vector<at::Tensor> results;
  for (const auto& element : result.toTupleRef().elements()) {
    results.push_back(element.toTensor().cpu());
  }
  return results;
}

void program(const files::Arguments& arguments) {
  torch::jit::Module model = torch::jit::load(arguments.model, arguments.device);
  model.eval();

  const c10::IValue given = files::read(arguments.feeds);
  TORCH_CHECK(given.isList(), arguments.feeds, " holds no list of tensors");
  std::vector<c10::IValue> feeds;
  for (const c10::IValue& feed : given.toListRef()) {
    feeds.emplace_back(feed.toTensor().to(arguments.device));
  }

  const std::vector<at::Tensor> results = predict(model, feeds);
  files::write(arguments.results, c10::ivalue::Tuple::create({results.begin(), results.end()}));

  if (arguments.repeat > 0) {
    predict(model, feeds);  // TorchScript compiles in the second call
    files::print_median(arguments.repeat, [&] { predict(model, feeds); });
  }
}

}  // namespace

int main(int count, char** values) { return files::run(count, values, kUsage, program); }
